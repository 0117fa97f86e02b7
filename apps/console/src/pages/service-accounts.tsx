import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, SelectField, TextField } from '../components/form.js';
import { Card } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { Time } from '../components/time.js';
import { type Schemas, apiTokensQuery, itemsOf, pagesOf, useChange } from '../queries.js';
import { roleName } from '../reasons.js';
import { grantableRoles, roleOptions } from '../roles.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { enumeration } from '../text.js';

type ServiceAccount = Schemas['ServiceAccount'];

const serviceAccountsQuery = (tenantId: string) =>
  pagesOf([tenantId, 'service-accounts'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/service-accounts', { params: { path: { tenantId }, query: page } })),
  );

interface ServiceAccountsProps {
  readonly onCreateToken: (account: ServiceAccount) => void;
}

/** Automation that belongs to no person, by its API tokens. */
export function ServiceAccounts({ onCreateToken }: ServiceAccountsProps) {
  const { tenantId, reason } = useTenant();
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<ServiceAccount>();
  const list = useInfiniteQuery(serviceAccountsQuery(tenantId));
  const notPermitted = reason('service-accounts:write');
  return (
    <Card
      title="Service accounts"
      actions={
        <Button reason={notPermitted} onClick={() => setCreating(true)}>
          Create service account
        </Button>
      }
    >
      <PagedTable
        list={list}
        empty="There is none yet. The tokens of a service account remain valid when the person who created them leaves the tenant."
        label="Service accounts"
        keyOf={({ id }) => id}
        columns={[
          { name: 'Name', cell: ({ name }) => name },
          { name: 'Role', cell: ({ role }) => roleName(role) },
          { name: 'Created', cell: ({ createdAt }) => <Time at={createdAt} /> },
          {
            name: 'Action',
            cell: (account) => (
              <div className="flex flex-wrap gap-2">
                <Button
                  aria-label={`Create API token of ${account.name}`}
                  reason={notPermitted}
                  onClick={() => onCreateToken(account)}
                >
                  Create API token
                </Button>
                <Button
                  aria-label={`Delete service account ${account.name}`}
                  reason={notPermitted}
                  onClick={() => setDeleting(account)}
                >
                  Delete
                </Button>
              </div>
            ),
          },
        ]}
      />
      {creating && <CreateServiceAccount onClose={() => setCreating(false)} />}
      {deleting !== undefined && <DeleteServiceAccount account={deleting} onClose={() => setDeleting(undefined)} />}
    </Card>
  );
}

function CreateServiceAccount({ onClose }: { readonly onClose: () => void }) {
  const { tenantId, role: own } = useTenant();
  const create = useChange(
    (body: Schemas['NewServiceAccount']) =>
      dataOf(client.POST('/v1/tenants/{tenantId}/service-accounts', { params: { path: { tenantId } }, body })),
    onClose,
  );
  return (
    <Dialog title="Create a service account" onClose={onClose}>
      <Form
        submit="Create"
        call={create}
        onCancel={onClose}
        onSubmit={({ name = '', role = '' }) => create.mutate({ name, role: role as ServiceAccount['role'] })}
      >
        <TextField label="Name" name="name" maxLength={100} required />
        <SelectField
          label="Role, the limit of its API tokens"
          name="role"
          options={roleOptions(grantableRoles(own))}
          defaultValue="limited_access"
        />
      </Form>
    </Dialog>
  );
}

interface DeleteServiceAccountProps {
  readonly account: ServiceAccount;
  readonly onClose: () => void;
}

function DeleteServiceAccount({ account, onClose }: DeleteServiceAccountProps) {
  const { tenantId } = useTenant();
  const tokens = itemsOf(useInfiniteQuery(apiTokensQuery(tenantId)));
  const remove = useChange(
    () =>
      dataOf(
        client.DELETE('/v1/tenants/{tenantId}/service-accounts/{serviceAccountId}', {
          params: { path: { tenantId, serviceAccountId: account.id } },
        }),
      ),
    onClose,
  );
  const its = tokens.data?.filter(({ ownerId, state }) => ownerId === account.id && state === 'active') ?? [];
  return (
    <Dialog title={`Delete ${account.name}?`} onClose={onClose}>
      <p>
        {its.length === 0
          ? 'Its API tokens, if there are any, are rejected.'
          : `Its API tokens are rejected: ${enumeration(its.map(({ name }) => name))}.`}
      </p>
      <Form submit="Yes, Delete" danger call={remove} onCancel={onClose} onSubmit={() => remove.mutate(undefined)} />
    </Dialog>
  );
}
