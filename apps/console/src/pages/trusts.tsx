import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { CheckField, Form, TextArea, TextField } from '../components/form.js';
import { Card } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { Time } from '../components/time.js';
import { type Schemas, pagesOf, useChange } from '../queries.js';
import { trustRefusalText } from '../reasons.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { claimLines, claimsOf } from '../trust-claims.js';

const TRUSTS = '/v1/tenants/{tenantId}/services/{serviceId}/trusts';
const TTL_SECONDS_DEFAULT = 900;

const trustsQuery = (tenantId: string, serviceId: string) =>
  pagesOf([tenantId, 'services', serviceId, 'trusts'], (page) =>
    dataOf(client.GET(TRUSTS, { params: { path: { tenantId, serviceId }, query: page } })),
  );

interface ServiceProps {
  readonly serviceId: string;
}

/** Workloads that act as the service by tokens of their own issuer, without a secret that somebody stores. */
export function Trusts({ serviceId }: ServiceProps) {
  const { tenantId, reason } = useTenant();
  const [creating, setCreating] = useState(false);
  const [trying, setTrying] = useState(false);
  const [deleting, setDeleting] = useState<Schemas['Trust']>();
  const list = useInfiniteQuery(trustsQuery(tenantId, serviceId));
  const notPermitted = reason('services:write');
  return (
    <Card
      title="Workload identity"
      actions={
        <>
          <Button reason={notPermitted} onClick={() => setTrying(true)}>
            Try a token
          </Button>
          <Button reason={notPermitted} onClick={() => setCreating(true)}>
            Add trust
          </Button>
        </>
      }
    >
      <PagedTable
        list={list}
        empty="There is no trust yet. With a trust, a pipeline or a pod exchanges the token of its platform for a short-lived credential of this service."
        label="Trusts"
        keyOf={({ id }) => id}
        columns={[
          { name: 'Name', cell: ({ name }) => name },
          {
            name: 'Issuer',
            cell: ({ issuer, keysFrom }) => `${issuer}${keysFrom === 'trust' ? ' (keys given here)' : ''}`,
          },
          { name: 'Audience', cell: ({ audience }) => audience },
          { name: 'Subject', cell: ({ subject }) => subject ?? 'any' },
          {
            name: 'Claims',
            cell: ({ claims }) =>
              claimLines(claims).map((line) => (
                <div key={line}>
                  <code>{line}</code>
                </div>
              )),
          },
          {
            name: 'Credential',
            cell: ({ ttlSeconds, singleUse }) => `${ttlSeconds} s${singleUse ? ', each token once' : ''}`,
          },
          { name: 'Last used', cell: ({ lastUsedAt }) => <Time at={lastUsedAt} /> },
          {
            name: 'Action',
            cell: (trust) => (
              <Button
                aria-label={`Delete trust ${trust.name}`}
                reason={notPermitted}
                onClick={() => setDeleting(trust)}
              >
                Delete
              </Button>
            ),
          },
        ]}
      />
      {trying && <TryToken serviceId={serviceId} onClose={() => setTrying(false)} />}
      {creating && <CreateTrust serviceId={serviceId} onClose={() => setCreating(false)} />}
      {deleting !== undefined && <DeleteTrust trust={deleting} onClose={() => setDeleting(undefined)} />}
    </Card>
  );
}

type Values = Readonly<Record<string, string>>;

/** @throws Error where the claims or the key set cannot be read */
function trustOf({ name = '', issuer = '', audience = '', ...values }: Values): Schemas['NewTrust'] {
  const { subject, claims, jwks, ttlSeconds = '', singleUse } = values;
  return {
    name,
    issuer,
    audience,
    ...(subject === undefined ? {} : { subject }),
    claims: claimsOf(claims),
    ...(jwks === undefined ? {} : { jwks: JSON.parse(jwks) as Record<string, unknown> }),
    ttlSeconds: Number(ttlSeconds),
    singleUse: singleUse !== undefined,
  };
}

function CreateTrust({ serviceId, onClose }: ServiceProps & { readonly onClose: () => void }) {
  const { tenantId } = useTenant();
  const create = useChange(
    async (values: Values) =>
      dataOf(client.POST(TRUSTS, { params: { path: { tenantId, serviceId } }, body: trustOf(values) })),
    onClose,
  );
  return (
    <Dialog title="Trust an issuer" onClose={onClose}>
      <Form submit="Add" call={create} onCancel={onClose} onSubmit={create.mutate}>
        <p className="mb-3">Its rules cannot be changed: to replace them, add a trust and delete this one.</p>
        <TextField label="Name" name="name" maxLength={100} required />
        <TextField
          label="Issuer"
          name="issuer"
          type="url"
          hint="The iss of the tokens, such as https://token.actions.githubusercontent.com"
          required
        />
        <TextField label="Audience" name="audience" hint="The only aud of the tokens, exact" required />
        <TextField
          label="Subject"
          name="subject"
          hint="The sub, exact or as a pattern: * matches any characters except / and :. Empty: only the claims decide"
        />
        <TextArea
          label="Claims"
          name="claims"
          rows={3}
          hint="One per line: repository_id = 74. A name that begins with / is a JSON pointer"
        />
        <TextArea
          label="Key set (JWKS)"
          name="jwks"
          rows={3}
          hint="Only for an issuer that this server cannot reach; otherwise its keys are read from it"
        />
        <TextField
          label="A credential is valid for (seconds)"
          name="ttlSeconds"
          type="number"
          min={1}
          defaultValue={TTL_SECONDS_DEFAULT}
          required
        />
        <CheckField
          label="Each token is exchanged once"
          name="singleUse"
          hint="Not for token files that are read repeatedly, as in Kubernetes"
        />
      </Form>
    </Dialog>
  );
}

/** Whether a token would be accepted, and if not, why. The server neither keeps it nor uses it up. */
function TryToken({ serviceId, onClose }: ServiceProps & { readonly onClose: () => void }) {
  const { tenantId } = useTenant();
  const attempt = useChange((token: string) =>
    dataOf(client.POST(`${TRUSTS}/try`, { params: { path: { tenantId, serviceId } }, body: { token } })),
  );
  return (
    <Dialog title="Try a token" onClose={onClose}>
      <Form submit="Try" call={attempt} onCancel={onClose} onSubmit={({ token = '' }) => attempt.mutate(token.trim())}>
        <p className="mb-3">Its source address is not checked. The token is not stored and can still be exchanged.</p>
        <TextArea label="Token of a workload" name="token" rows={5} autoComplete="off" required />
      </Form>
      {attempt.data !== undefined && <Trial trial={attempt.data} />}
    </Dialog>
  );
}

function Trial({ trial: { accepted, code, trusts } }: { readonly trial: Schemas['TokenTrial'] }) {
  return (
    <div role="status" className="mt-4">
      <p className="font-medium">
        <Badge state={accepted ? 'accepted' : 'rejected'} /> {code !== null && trustRefusalText(code)}
      </p>
      {trusts.length > 0 && (
        <ul aria-label="Decision of each trust" className="mt-2 list-disc space-y-1 pl-5">
          {trusts.map(({ trustId, name, code: reason, claim }) => (
            <li key={trustId}>
              {name}: {reason === null ? 'accepts it' : trustRefusalText(reason)}
              {claim !== null && (
                <>
                  {' '}
                  (<code>{claim}</code>)
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface DeleteTrustProps {
  readonly trust: Schemas['Trust'];
  readonly onClose: () => void;
}

function DeleteTrust({ trust: { id: trustId, serviceId, name, lastUsedAt }, onClose }: DeleteTrustProps) {
  const { tenantId } = useTenant();
  const remove = useChange(
    () => dataOf(client.DELETE(`${TRUSTS}/{trustId}`, { params: { path: { tenantId, serviceId, trustId } } })),
    onClose,
  );
  return (
    <Dialog title={`Delete the trust ${name}?`} onClose={onClose}>
      <p>
        It exchanges no more tokens, and its exchanged credentials are rejected immediately. It was last used:{' '}
        <Time at={lastUsedAt} />.
      </p>
      <Form submit="Yes, Delete" danger call={remove} onCancel={onClose} onSubmit={() => remove.mutate(undefined)} />
    </Dialog>
  );
}
