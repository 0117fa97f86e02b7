import { useInfiniteQuery, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, Refusal, TextField } from '../components/form.js';
import { Card, Facts, Loaded, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { Table } from '../components/table.js';
import { Time } from '../components/time.js';
import { type Schemas, selfQuery, tenantsQuery, useChange } from '../queries.js';
import { client } from '../server.js';
import { SuspendTenant } from './danger-zone.js';

export function PlatformPage() {
  const { data: self } = useSuspenseQuery(selfQuery);
  const reason = self.platformRole === null ? 'Only for the administrator of the installation' : undefined;
  return (
    <Page
      title="Platform"
      introduction="The tenants and the health of this installation."
      actions={
        <Link to="/platform/identity-providers" className="text-sm">
          Identity providers
        </Link>
      }
    >
      <Tenants reason={reason} />
      <Health />
    </Page>
  );
}

function Tenants({ reason }: { readonly reason: string | undefined }) {
  const [creating, setCreating] = useState(false);
  const list = useInfiniteQuery(tenantsQuery);
  const [suspending, setSuspending] = useState<Schemas['Tenant']>();
  const reactivate = useChange((tenantId: string) =>
    dataOf(client.POST('/v1/tenants/{tenantId}/reactivate', { params: { path: { tenantId } } })),
  );
  return (
    <Card
      title="Tenants"
      actions={
        <Button look="main" reason={reason} onClick={() => setCreating(true)}>
          Create tenant
        </Button>
      }
    >
      <Refusal error={reactivate.error} />
      <PagedTable
        list={list}
        empty="There is no tenant yet. Create the first one with its owner; the owner does the rest."
        label="Tenants"
        keyOf={({ id }) => id}
        columns={[
          { name: 'Name', cell: ({ name }) => name },
          { name: 'Slug', cell: ({ slug }) => <code>{slug}</code> },
          { name: 'State', cell: ({ state }) => <Badge state={state} /> },
          { name: 'Created', cell: ({ createdAt }) => <Time at={createdAt} /> },
          {
            name: 'Action',
            cell: (tenant) =>
              tenant.state === 'deleted' ? null : (
                <Button
                  aria-label={`${tenant.state === 'suspended' ? 'Reactivate' : 'Suspend'} ${tenant.slug}`}
                  reason={reason}
                  onClick={() => (tenant.state === 'suspended' ? reactivate.mutate(tenant.id) : setSuspending(tenant))}
                >
                  {tenant.state === 'suspended' ? 'Reactivate' : 'Suspend'}
                </Button>
              ),
          },
        ]}
      />
      {suspending !== undefined && <SuspendTenant tenant={suspending} onClose={() => setSuspending(undefined)} />}
      {creating && <CreateTenant onClose={() => setCreating(false)} />}
    </Card>
  );
}

function CreateTenant({ onClose }: { readonly onClose: () => void }) {
  const create = useChange((body: Schemas['NewTenant']) => dataOf(client.POST('/v1/tenants', { body })), onClose);
  return (
    <Dialog title="Create a tenant" onClose={onClose}>
      <Form
        submit="Create"
        call={create}
        onCancel={onClose}
        onSubmit={({ slug = '', name = '', email = '', ownerName = '', password = '' }) =>
          create.mutate({ slug, name, owner: { email, name: ownerName, password } })
        }
      >
        <TextField label="Name" name="name" required />
        <TextField
          label="Slug"
          name="slug"
          hint="Used in URLs: lower-case letters, digits and hyphens; cannot be changed"
          required
        />
        <TextField label="E-mail address of the owner" name="email" type="email" required />
        <TextField label="Name of the owner" name="ownerName" required />
        <TextField
          label="First password of the owner"
          name="password"
          type="password"
          autoComplete="new-password"
          hint="12 to 256 characters; the owner changes it"
          required
        />
      </Form>
    </Dialog>
  );
}

function Health() {
  const state = useQuery({
    queryKey: ['scheduler'],
    queryFn: () => dataOf(client.GET('/v1/platform/scheduler')),
  });
  return (
    <Card title="Health">
      <Loaded query={state}>
        {({ paused, pausedAt, clock, shown, work }) => (
          <>
            <Facts
              facts={[
                {
                  name: 'Scheduler',
                  value: paused ? (
                    <>
                      paused <Time at={pausedAt} />
                    </>
                  ) : (
                    'runs'
                  ),
                },
                { name: 'Clock', value: `${clock}, shows ${shown}` },
              ]}
            />
            {work.length > 0 && (
              <div className="mt-3">
                <Table
                  label="Work of the scheduler"
                  rows={work}
                  keyOf={({ kind }) => kind}
                  columns={[
                    { name: 'Kind', cell: ({ kind }) => kind.replaceAll('_', ' ') },
                    { name: 'Handled', cell: ({ handled }) => handled },
                    { name: 'Failed', cell: ({ failed }) => failed },
                  ]}
                />
              </div>
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}
