import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { daysAhead } from '../calendar.js';
import { now } from '../clock.js';
import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { CheckField, Form, OwnPassword, Refusal, TextField } from '../components/form.js';
import { More } from '../components/more.js';
import { Card, Empty, Loaded } from '../components/page.js';
import { NewSecret } from '../components/secret.js';
import { Table } from '../components/table.js';
import { Time } from '../components/time.js';
import { type Schemas, itemsOf, pagesOf, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { listOf } from '../text.js';

const DAYS_DEFAULT = 90;
const DAYS_MAX = 365;

const apiTokensQuery = (tenantId: string) =>
  pagesOf([tenantId, 'api-tokens'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/api-tokens', { params: { path: { tenantId }, query: page } })),
  );

/** The API tokens of the person; an owner sees all. */
export function ApiTokens() {
  const { tenantId } = useTenant();
  const [creating, setCreating] = useState(false);
  const [created, setCreated] = useState<Schemas['ApiTokenWithSecret']>();
  const list = useInfiniteQuery(apiTokensQuery(tenantId));
  const revoke = useChange((apiTokenId: string) =>
    dataOf(
      client.DELETE('/v1/tenants/{tenantId}/api-tokens/{apiTokenId}', { params: { path: { tenantId, apiTokenId } } }),
    ),
  );
  return (
    <Card title="API tokens" actions={<Button onClick={() => setCreating(true)}>Create API token</Button>}>
      <Refusal error={revoke.error} />
      <Loaded query={itemsOf(list)}>
        {(tokens) =>
          tokens.length === 0 ? (
            <Empty>There is no API token. Scripts and pipelines work with one in place of a session.</Empty>
          ) : (
            <Table
              label="API tokens"
              rows={tokens}
              keyOf={({ id }) => id}
              columns={[
                { name: 'Name', cell: ({ name }) => name },
                { name: 'Token', cell: ({ tokenMasked }) => <code>{tokenMasked}</code> },
                { name: 'State', cell: ({ state }) => <Badge state={state} /> },
                { name: 'Permissions', cell: ({ permissions }) => permissions.join(', ') },
                { name: 'Expires', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
                { name: 'Last used', cell: ({ lastUsedAt }) => <Time at={lastUsedAt} /> },
                {
                  name: 'Action',
                  cell: ({ id, name, state }) =>
                    state === 'active' ? (
                      <Button aria-label={`Revoke ${name}`} onClick={() => revoke.mutate(id)}>
                        Revoke
                      </Button>
                    ) : null,
                },
              ]}
            />
          )
        }
      </Loaded>
      <More list={list} />
      {creating && (
        <CreateApiToken
          onClose={() => setCreating(false)}
          onCreated={(answer) => {
            setCreating(false);
            setCreated(answer);
          }}
        />
      )}
      {created !== undefined && (
        <Dialog title={`${created.apiToken.name} was created`} onClose={() => setCreated(undefined)}>
          <p className="mb-3">Store it now. It is shown this once.</p>
          <NewSecret what="API token" secret={created.token} />
          <Button look="main" onClick={() => setCreated(undefined)}>
            Done
          </Button>
        </Dialog>
      )}
    </Card>
  );
}

interface CreateApiTokenProps {
  readonly onClose: () => void;
  readonly onCreated: (answer: Schemas['ApiTokenWithSecret']) => void;
}

function CreateApiToken({ onClose, onCreated }: CreateApiTokenProps) {
  const { tenantId } = useTenant();
  const create = useChange(
    (body: Schemas['NewApiToken']) =>
      dataOf(client.POST('/v1/tenants/{tenantId}/api-tokens', { params: { path: { tenantId } }, body })),
    onCreated,
  );
  return (
    <Dialog title="Create an API token" onClose={onClose}>
      <Form
        submit="Create"
        call={create}
        onCancel={onClose}
        onSubmit={({ name = '', permissions, days = '', allowedCidrs, password = '', stepUp }) =>
          create.mutate({
            name,
            permissions: listOf(permissions) as Schemas['NewApiToken']['permissions'],
            expiresAt: daysAhead(now(), Number(days)),
            allowedCidrs: listOf(allowedCidrs),
            stepUp: stepUp !== undefined,
            password,
          })
        }
      >
        <TextField label="Name" name="name" maxLength={100} required />
        <TextField
          label="Permissions"
          name="permissions"
          hint="Separated by commas, at most what your role permits: services:read, services:write, …"
          required
        />
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
          hint="CIDRs, separated by commas; empty: from anywhere"
        />
        <CheckField label="It may also do what asks a person for their password" name="stepUp" />
        <OwnPassword required />
      </Form>
    </Dialog>
  );
}
