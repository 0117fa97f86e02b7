import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { daysAhead } from '../calendar.js';
import { now } from '../clock.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, Refusal, SelectField, TextField } from '../components/form.js';
import { Card } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { CopyButton, NewSecret } from '../components/secret.js';
import { Time } from '../components/time.js';
import { type Schemas, authoritiesQuery, itemsOf, pagesOf, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { AcmeAccounts, type AcmeListProps } from './acme-accounts.js';

const BINDINGS = '/v1/tenants/{tenantId}/services/{serviceId}/acme-bindings';
const DAYS_MAX = 90;
const DAYS_DEFAULT = 7;

const bindingsQuery = (tenantId: string, serviceId: string) =>
  pagesOf([tenantId, 'services', serviceId, 'acme-bindings'], (page) =>
    dataOf(client.GET(BINDINGS, { params: { path: { tenantId, serviceId }, query: page } })),
  );

interface ServiceProps {
  readonly serviceId: string;
}

/** The ACME clients that get certificates for the service: the keys that bind them, and their accounts. */
export function AcmeOfService({ serviceId }: ServiceProps) {
  const { tenantId, reason } = useTenant();
  const [creating, setCreating] = useState(false);
  const [created, setCreated] = useState<Schemas['AcmeBindingWithKey']>();
  const authorities = itemsOf(useInfiniteQuery(authoritiesQuery(tenantId))).data ?? [];
  const authorityName = (caId: string): string => authorities.find(({ id }) => id === caId)?.name ?? caId;
  return (
    <Card
      title="ACME"
      actions={
        <Button reason={reason('acme:write')} onClick={() => setCreating(true)}>
          Create ACME binding
        </Button>
      }
    >
      <h3 className="mb-2 text-sm">Bindings</h3>
      <Bindings serviceId={serviceId} authorityName={authorityName} />
      <h3 className="mt-4 mb-2 text-sm">Accounts</h3>
      <AcmeAccounts serviceId={serviceId} authorityName={authorityName} />
      {creating && (
        <CreateBinding
          serviceId={serviceId}
          authorities={authorities}
          onClose={() => setCreating(false)}
          onCreated={(binding) => {
            setCreating(false);
            setCreated(binding);
          }}
        />
      )}
      {created !== undefined && <CreatedBinding binding={created} onClose={() => setCreated(undefined)} />}
    </Card>
  );
}

function Bindings({ serviceId, authorityName }: AcmeListProps) {
  const { tenantId, reason } = useTenant();
  const list = useInfiniteQuery(bindingsQuery(tenantId, serviceId));
  const remove = useChange((acmeBindingId: string) =>
    dataOf(client.DELETE(`${BINDINGS}/{acmeBindingId}`, { params: { path: { tenantId, serviceId, acmeBindingId } } })),
  );
  return (
    <>
      <Refusal error={remove.error} />
      <PagedTable
        list={list}
        empty="There is no binding yet. With a binding, an ACME client (certbot, Caddy, cert-manager) creates an account that gets certificates for this service."
        label="ACME bindings"
        keyOf={({ id }) => id}
        columns={[
          { name: 'Key identifier', cell: ({ id }) => <code>{id}</code> },
          { name: 'Authority', cell: ({ caId }) => authorityName(caId) },
          {
            name: 'Account',
            cell: ({ accountId }) => (accountId === null ? 'none yet' : <code>{accountId}</code>),
          },
          { name: 'Usable until', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
          {
            name: 'Action',
            cell: ({ id }) => (
              <Button
                aria-label={`Delete ACME binding ${id}`}
                reason={reason('acme:write')}
                onClick={() => remove.mutate(id)}
              >
                Delete
              </Button>
            ),
          },
        ]}
      />
    </>
  );
}

interface CreateBindingProps extends ServiceProps {
  readonly authorities: readonly Schemas['CertificateAuthority'][];
  readonly onClose: () => void;
  readonly onCreated: (binding: Schemas['AcmeBindingWithKey']) => void;
}

function CreateBinding({ serviceId, authorities, onClose, onCreated }: CreateBindingProps) {
  const { tenantId } = useTenant();
  const create = useChange(
    (body: Schemas['NewAcmeBinding']) =>
      dataOf(client.POST(BINDINGS, { params: { path: { tenantId, serviceId } }, body })),
    onCreated,
  );
  const active = authorities.filter(({ state }) => state === 'active');
  return (
    <Dialog title="Create an ACME binding" onClose={onClose}>
      <Form
        submit="Create"
        call={create}
        reason={active.length === 0 ? 'Create an authority first' : undefined}
        onCancel={onClose}
        onSubmit={({ caId, days }) =>
          create.mutate({
            ...(caId === undefined ? {} : { caId }),
            expiresAt: daysAhead(now(), Number(days)),
          })
        }
      >
        <SelectField
          label="Authority"
          name="caId"
          options={[
            { value: '', label: 'the default issuer' },
            ...active.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
        <TextField
          label="Usable for (days)"
          name="days"
          type="number"
          min={1}
          max={DAYS_MAX}
          defaultValue={DAYS_DEFAULT}
          hint="How long an account can be bound; the account does not expire with the binding"
          required
        />
      </Form>
    </Dialog>
  );
}

interface CreatedBindingProps {
  readonly binding: Schemas['AcmeBindingWithKey'];
  readonly onClose: () => void;
}

const CreatedBinding = ({ binding: { id, directoryUrl, hmacKey }, onClose }: CreatedBindingProps) => (
  <Dialog title="A new ACME binding" onClose={onClose}>
    <p className="mb-3">Configure the client with these three values. The HMAC key is shown only once.</p>
    <NewSecret what="Directory URL" secret={directoryUrl} />
    <NewSecret what="Key identifier (eab-kid)" secret={id} />
    <NewSecret what="HMAC key (eab-hmac-key)" secret={hmacKey} />
    <Button look="main" onClick={onClose}>
      Done
    </Button>
  </Dialog>
);

/** Where ACME clients reach an authority, and how they become its clients. */
export function AcmeDirectory({ caId }: { readonly caId: string }) {
  const directoryUrl = `${window.location.origin}/acme/${caId}/directory`;
  return (
    <Card title="ACME">
      <p className="mb-3">
        Clients get and renew certificates of this authority by themselves (RFC 8555). Each account is bound to a
        service: create the binding on the page of the service.
      </p>
      <div className="flex flex-wrap items-center gap-2">
        <span className="text-sm text-soft">Directory URL</span>
        <code className="min-w-0">{directoryUrl}</code>
        <CopyButton text={directoryUrl} what="directory URL" />
      </div>
    </Card>
  );
}
