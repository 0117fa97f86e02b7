import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { choices, dataOf, rolePermissions } from '#sdk';

import { daysAhead } from '../calendar.js';
import { now } from '../clock.js';
import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { CheckField, Form, TextField } from '../components/form.js';
import { Card, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { NewSecret } from '../components/secret.js';
import { StepUpForm } from '../components/step-up.js';
import { Time } from '../components/time.js';
import { type Schemas, apiTokensQuery, selfQuery, useChange } from '../queries.js';
import { roleName } from '../reasons.js';
import { client } from '../server.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';
import { listOf } from '../text.js';
import { ServiceAccounts } from './service-accounts.js';

const DAYS_DEFAULT = 90;
const DAYS_MAX = 365;

/** The API tokens of the person, and the service accounts; an owner sees all tokens. */
export function ApiTokensPage() {
  const [creating, setCreating] = useState<Creating>();
  const [created, setCreated] = useState<Schemas['ApiTokenWithSecret']>();
  return (
    <Page
      title="API tokens"
      introduction="Scripts and pipelines use API tokens instead of a session, within the permissions of the token."
      actions={
        <Button look="main" onClick={() => setCreating({})}>
          Create API token
        </Button>
      }
    >
      <ApiTokens />
      <ServiceAccounts onCreateToken={(account) => setCreating({ account })} />
      {creating !== undefined && (
        <CreateApiToken
          {...creating}
          onClose={() => setCreating(undefined)}
          onCreated={(answer) => {
            setCreating(undefined);
            setCreated(answer);
          }}
        />
      )}
      {created !== undefined && (
        <Dialog title={`${created.apiToken.name} was created`} onClose={() => setCreated(undefined)}>
          <p className="mb-3">Store it now. It is shown only once.</p>
          <NewSecret what="API token" secret={created.token} />
          <Button look="main" onClick={() => setCreated(undefined)}>
            Done
          </Button>
        </Dialog>
      )}
    </Page>
  );
}

function ApiTokens() {
  const { tenantId } = useTenant();
  const [revoking, setRevoking] = useState<Schemas['ApiToken']>();
  const list = useInfiniteQuery(apiTokensQuery(tenantId));
  return (
    <Card title="Tokens">
      <PagedTable
        list={list}
        empty="There is no API token yet."
        label="API tokens"
        keyOf={({ id }) => id}
        columns={[
          { name: 'Name', cell: ({ name }) => name },
          { name: 'Token', cell: ({ tokenMasked }) => <code>{tokenMasked}</code> },
          { name: 'State', cell: ({ state }) => <Badge state={state} /> },
          {
            name: 'Permissions',
            cell: ({ permissions, stepUp }) =>
              `${permissions.join(', ')}${stepUp ? ', and what asks for a password' : ''}`,
          },
          {
            name: 'Networks',
            cell: ({ allowedCidrs }) => (allowedCidrs.length === 0 ? 'any' : allowedCidrs.join(', ')),
          },
          { name: 'Expires', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
          { name: 'Last used', cell: ({ lastUsedAt }) => <Time at={lastUsedAt} /> },
          {
            name: 'Refused uses',
            cell: ({ refusedUses, lastRefusedAt }) =>
              refusedUses === 0 ? (
                'none'
              ) : (
                <>
                  {refusedUses}, the last <Time at={lastRefusedAt} />
                </>
              ),
          },
          {
            name: 'Action',
            cell: (token) =>
              token.state === 'active' ? (
                <Button aria-label={`Revoke ${token.name}`} onClick={() => setRevoking(token)}>
                  Revoke
                </Button>
              ) : null,
          },
        ]}
      />
      {revoking !== undefined && <RevokeApiToken token={revoking} onClose={() => setRevoking(undefined)} />}
    </Card>
  );
}

interface RevokeApiTokenProps {
  readonly token: Schemas['ApiToken'];
  readonly onClose: () => void;
}

function RevokeApiToken({ token: { id, name, lastUsedAt }, onClose }: RevokeApiTokenProps) {
  const { tenantId } = useTenant();
  const revoke = useChange(
    () =>
      dataOf(
        client.DELETE('/v1/tenants/{tenantId}/api-tokens/{apiTokenId}', {
          params: { path: { tenantId, apiTokenId: id } },
        }),
      ),
    onClose,
  );
  return (
    <Dialog title={`Revoke ${name}?`} onClose={onClose}>
      <p>
        Whatever works with it is rejected from the next request on, and nothing brings it back. It was last used:{' '}
        <Time at={lastUsedAt} />.
      </p>
      <Form submit="Yes, Revoke" danger call={revoke} onCancel={onClose} onSubmit={() => revoke.mutate(undefined)} />
    </Dialog>
  );
}

interface Creating {
  /** The service account that the token is for; a token of the person themselves without one. */
  readonly account?: Schemas['ServiceAccount'];
}

interface CreateApiTokenProps extends Creating {
  readonly onClose: () => void;
  readonly onCreated: (answer: Schemas['ApiTokenWithSecret']) => void;
}

/** A token for scripts: its permissions, its end, and from where it may be used. */
function CreateApiToken({ account, onClose, onCreated }: CreateApiTokenProps) {
  const { tenantId, permissions } = useTenant();
  const { data: self } = useSuspenseQuery(selfQuery);
  const [stepUp, setStepUp] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const create = useChange(
    ({ body, header }: { readonly body: Schemas['NewApiToken']; readonly header: StepUpHeader }) =>
      account === undefined
        ? dataOf(client.POST('/v1/tenants/{tenantId}/api-tokens', { params: { path: { tenantId }, header }, body }))
        : dataOf(
            client.POST('/v1/tenants/{tenantId}/service-accounts/{serviceAccountId}/api-tokens', {
              params: { path: { tenantId, serviceAccountId: account.id }, header },
              body,
            }),
          ),
    onCreated,
  );
  const permitted: readonly string[] = account === undefined ? permissions : rolePermissions[account.role];
  const offered = choices.NewApiToken.permissions.filter((permission) => permitted.includes(permission));
  return (
    <Dialog
      title={account === undefined ? 'Create an API token' : `Create an API token of ${account.name}`}
      onClose={onClose}
    >
      <StepUpForm
        secondFactorOnly={stepUp}
        submit="Create"
        call={create}
        reason={chosen.length === 0 ? 'Choose what the token may do' : undefined}
        onCancel={onClose}
        onSubmit={({ name = '', days = '', allowedCidrs }, header) =>
          create.mutate({
            body: {
              name,
              permissions: offered.filter((permission) => chosen.includes(permission)),
              expiresAt: daysAhead(now(), Number(days)),
              allowedCidrs: listOf(allowedCidrs),
              stepUp,
            },
            header,
          })
        }
      >
        <TextField label="Name" name="name" maxLength={100} required />
        <fieldset className="mb-3">
          <legend className="mb-1 text-sm font-medium text-strong">
            Permissions, within those of {account === undefined ? 'your role' : `the role ${roleName(account.role)}`}
          </legend>
          <div className="grid gap-x-4 sm:grid-cols-2">
            {offered.map((permission) => (
              <CheckField
                key={permission}
                label={permission}
                checked={chosen.includes(permission)}
                onChange={({ target }) =>
                  setChosen(target.checked ? [...chosen, permission] : chosen.filter((each) => each !== permission))
                }
              />
            ))}
          </div>
        </fieldset>
        <TextField
          label="Valid for (days)"
          name="days"
          type="number"
          min={1}
          max={DAYS_MAX}
          defaultValue={DAYS_DEFAULT}
          required
        />
        <TextField
          label="Allowed networks"
          name="allowedCidrs"
          hint="CIDRs, separated by commas; empty: all networks"
        />
        <CheckField
          label="It may also make calls that require a password"
          checked={stepUp}
          disabled={!self.user.secondFactor}
          onChange={({ target }) => setStepUp(target.checked)}
        />
        {!self.user.secondFactor && (
          <p className="mb-3 text-xs text-soft">
            Only a person with a second factor can allow this: enrol one on your account page.
          </p>
        )}
      </StepUpForm>
    </Dialog>
  );
}
