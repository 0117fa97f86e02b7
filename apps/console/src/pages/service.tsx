import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, Refusal, SelectField, TextArea, TextField } from '../components/form.js';
import { More } from '../components/more.js';
import { Card, Facts, Loaded, Page } from '../components/page.js';
import { CopyButton, NewSecret } from '../components/secret.js';
import { StepUpDialog } from '../components/step-up.js';
import { ExactTime } from '../components/time.js';
import { AUTH_TYPES, credentialsOf } from '../credentials.js';
import { type Schemas, credentialsQuery, itemsOf, serviceQuery, useChange } from '../queries.js';
import { client } from '../server.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';
import { listOf } from '../text.js';
import { AcmeOfService } from './acme.js';
import { CredentialCard } from './credential.js';
import { RotationCard } from './rotation.js';
import { Trusts } from './trusts.js';

const route = getRouteApi('/signed-in/t/$tenant/services/$serviceId');

export function ServicePage() {
  const { serviceId } = route.useParams();
  const { tenantId } = useTenant();
  const service = useQuery(serviceQuery(tenantId, serviceId));
  return (
    <Loaded title="Service" query={service}>
      {(data) => <ServiceDetails service={data} />}
    </Loaded>
  );
}

function ServiceDetails({ service }: { readonly service: Schemas['Service'] }) {
  const { tenantId, reason } = useTenant();
  const [dialog, setDialog] = useState<'change' | 'delete'>();
  const [created, setCreated] = useState<Schemas['CredentialWithSecret']>();
  const [authType, setAuthType] = useState<keyof typeof AUTH_TYPES>('service_key');
  const list = useInfiniteQuery(credentialsQuery(tenantId, service.id));
  const create = useChange(credentialsOf(tenantId, service.id).create, setCreated);
  const close = () => setDialog(undefined);
  const { id, name, description, profiles, allowedCidrs, createdAt } = service;
  return (
    <Page
      title={name}
      introduction={description ?? undefined}
      actions={
        <>
          <Button reason={reason('services:write')} onClick={() => setDialog('change')}>
            Change
          </Button>
          <Button reason={reason('services:write')} onClick={() => setDialog('delete')}>
            Delete service
          </Button>
        </>
      }
    >
      <Card>
        <Facts
          facts={[
            {
              name: 'Service id',
              value: (
                <span className="flex flex-wrap items-center gap-2">
                  <code>{id}</code>
                  <CopyButton text={id} what="service id" />
                </span>
              ),
            },
            { name: 'Token profiles', value: profiles.length === 0 ? 'none granted' : profiles.join(', ') },
            { name: 'Allowed networks', value: allowedCidrs.length === 0 ? 'any' : allowedCidrs.join(', ') },
            { name: 'Created', value: <ExactTime at={createdAt} /> },
          ]}
        />
      </Card>
      <Card title="API credentials">
        <div className="mb-4 flex flex-wrap items-end gap-3">
          <SelectField
            label="Auth type"
            value={authType}
            onChange={({ target }) => setAuthType(target.value as keyof typeof AUTH_TYPES)}
            options={Object.entries(AUTH_TYPES).map(([value, label]) => ({ value, label }))}
          />
          <div className="mb-3">
            <Button reason={reason('services:write')} onClick={() => create.mutate({ authType })}>
              Create authentication credential
            </Button>
          </div>
        </div>
        <Refusal error={create.error} />
        <Loaded query={itemsOf(list)}>
          {(credentials) => {
            const ofType = credentials.filter((each) => each.authType === authType && each.state !== 'deleted');
            return (
              <>
                <RotationCard serviceId={id} credentials={ofType} />
                <ul className="space-y-3">
                  {ofType.map((credential) => (
                    <CredentialCard key={credential.id} credential={credential} onSecret={setCreated} />
                  ))}
                </ul>
              </>
            );
          }}
        </Loaded>
        <More list={list} />
      </Card>
      <Trusts serviceId={id} />
      <AcmeOfService serviceId={id} />
      {dialog === 'change' && <ChangeService service={service} onClose={close} />}
      {dialog === 'delete' && <DeleteService service={service} onClose={close} />}
      {created !== undefined && (
        <Dialog title={`A new ${AUTH_TYPES[created.authType]}`} onClose={() => setCreated(undefined)}>
          <p className="mb-3">Store it now and pass it to the clients of the service. It is masked later.</p>
          <NewSecret what={AUTH_TYPES[created.authType]} secret={created.secret} />
          <Button look="main" onClick={() => setCreated(undefined)}>
            Done
          </Button>
        </Dialog>
      )}
    </Page>
  );
}

interface ServiceDialogProps {
  readonly service: Schemas['Service'];
  readonly onClose: () => void;
}

function ChangeService({ service, onClose }: ServiceDialogProps) {
  const { tenantId } = useTenant();
  const path = { tenantId, serviceId: service.id };
  const change = useChange(
    (body: Schemas['ServiceChange']) =>
      dataOf(client.PATCH('/v1/tenants/{tenantId}/services/{serviceId}', { params: { path }, body })),
    onClose,
  );
  return (
    <Dialog title={`Change ${service.name}`} onClose={onClose}>
      <Form
        submit="Save"
        call={change}
        onCancel={onClose}
        onSubmit={({ name = '', description = null, profiles, allowedCidrs }) =>
          change.mutate({ name, description, profiles: listOf(profiles), allowedCidrs: listOf(allowedCidrs) })
        }
      >
        <TextField label="Name" name="name" defaultValue={service.name} maxLength={100} required />
        <TextArea label="Description" name="description" rows={2} defaultValue={service.description ?? ''} />
        <TextField
          label="Token profiles"
          name="profiles"
          defaultValue={service.profiles.join(', ')}
          hint="Names, separated by commas; * grants all"
        />
        <TextField
          label="Allowed networks"
          name="allowedCidrs"
          defaultValue={service.allowedCidrs.join(', ')}
          hint="CIDRs, separated by commas; empty: all networks"
        />
      </Form>
    </Dialog>
  );
}

function DeleteService({ service, onClose }: ServiceDialogProps) {
  const { tenantId, slug } = useTenant();
  const navigate = useNavigate();
  const path = { tenantId, serviceId: service.id };
  const remove = useChange(
    (header: StepUpHeader) =>
      dataOf(client.DELETE('/v1/tenants/{tenantId}/services/{serviceId}', { params: { path, header }, body: {} })),
    () => void navigate({ to: '/t/$tenant/services', params: { tenant: slug } }),
  );
  return (
    <StepUpDialog title={`Delete ${service.name}?`} onClose={onClose} submit="Yes, Delete" call={remove}>
      <p className="mb-3">All its credentials are rejected immediately, and their secrets are erased.</p>
    </StepUpDialog>
  );
}
