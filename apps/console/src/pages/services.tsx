import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, TextArea, TextField } from '../components/form.js';
import { Card, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { NewSecret } from '../components/secret.js';
import { Time } from '../components/time.js';
import { type Schemas, servicesQuery, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { listOf } from '../text.js';

export function ServicesPage() {
  const { tenantId, slug: tenant, reason } = useTenant();
  const [creating, setCreating] = useState(false);
  const [created, setCreated] = useState<Schemas['CreatedService']>();
  const list = useInfiniteQuery(servicesQuery(tenantId));
  return (
    <Page
      title="Services"
      introduction="Applications that request tokens. Each authenticates with a service key or with a JWT that it signs."
      actions={
        <Button look="main" reason={reason('services:write')} onClick={() => setCreating(true)}>
          Create service
        </Button>
      }
    >
      <Card>
        <PagedTable
          list={list}
          empty="There is no service yet. Create one: it gets a service key and a JWT credential."
          label="Services"
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Name',
              cell: ({ id, name }) => (
                <Link to="/t/$tenant/services/$serviceId" params={{ tenant, serviceId: id }}>
                  {name}
                </Link>
              ),
            },
            { name: 'Description', cell: ({ description }) => description ?? '' },
            { name: 'Token profiles', cell: ({ profiles }) => profiles.join(', ') },
            { name: 'Created', cell: ({ createdAt }) => <Time at={createdAt} /> },
          ]}
        />
      </Card>
      {creating && (
        <CreateService
          onClose={() => setCreating(false)}
          onCreated={(answer) => {
            setCreating(false);
            setCreated(answer);
          }}
        />
      )}
      {created !== undefined && (
        <Dialog title={`${created.service.name} was created`} onClose={() => setCreated(undefined)}>
          <p className="mb-3">Store these now. They are masked later.</p>
          <NewSecret what="Service key" secret={created.serviceKey.secret} />
          <NewSecret what="JWT secret (Base64)" secret={created.jwtCredential.secret} />
          <NewSecret what="Service id (the iss of its JWTs)" secret={created.service.id} />
          <Button look="main" onClick={() => setCreated(undefined)}>
            Done
          </Button>
        </Dialog>
      )}
    </Page>
  );
}

interface CreateServiceProps {
  readonly onClose: () => void;
  readonly onCreated: (created: Schemas['CreatedService']) => void;
}

function CreateService({ onClose, onCreated }: CreateServiceProps) {
  const { tenantId } = useTenant();
  const create = useChange(
    (body: Schemas['NewService']) =>
      dataOf(client.POST('/v1/tenants/{tenantId}/services', { params: { path: { tenantId } }, body })),
    onCreated,
  );
  return (
    <Dialog title="Create a service" onClose={onClose}>
      <Form
        submit="Create"
        call={create}
        onCancel={onClose}
        onSubmit={({ name = '', description, profiles, allowedCidrs }) =>
          create.mutate({
            name,
            ...(description === undefined ? {} : { description }),
            profiles: listOf(profiles),
            allowedCidrs: listOf(allowedCidrs),
          })
        }
      >
        <TextField label="Name" name="name" maxLength={100} required />
        <TextArea label="Description" name="description" rows={2} maxLength={500} />
        <TextField label="Token profiles" name="profiles" hint="Names, separated by commas; * grants all" />
        <TextField
          label="Allowed networks"
          name="allowedCidrs"
          hint="CIDRs, separated by commas; empty: all networks"
        />
      </Form>
    </Dialog>
  );
}
