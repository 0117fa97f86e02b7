import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form } from '../components/form.js';
import { PagedTable } from '../components/paged-table.js';
import { Time } from '../components/time.js';
import { type Schemas, pagesOf, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const ACCOUNTS = '/v1/tenants/{tenantId}/acme-accounts';
const ACCOUNT = `${ACCOUNTS}/{acmeAccountId}` as const;

const accountsQuery = (tenantId: string, serviceId: string) =>
  pagesOf([tenantId, 'acme-accounts', serviceId], (page) =>
    dataOf(client.GET(ACCOUNTS, { params: { path: { tenantId }, query: { ...page, serviceId } } })),
  );

const ordersQuery = (tenantId: string, acmeAccountId: string) =>
  pagesOf([tenantId, 'acme-accounts', acmeAccountId, 'orders'], (page) =>
    dataOf(client.GET(`${ACCOUNT}/orders`, { params: { path: { tenantId, acmeAccountId }, query: page } })),
  );

type Account = Schemas['AcmeAccount'];
type DialogOfAccount = { readonly kind: 'orders' | 'revoke'; readonly account: Account };

export interface AcmeListProps {
  readonly serviceId: string;
  readonly authorityName: (caId: string) => string;
}

/** The accounts of ACME clients that act for a service. */
export function AcmeAccounts({ serviceId, authorityName }: AcmeListProps) {
  const { tenantId, reason } = useTenant();
  const [dialog, setDialog] = useState<DialogOfAccount>();
  const list = useInfiniteQuery(accountsQuery(tenantId, serviceId));
  const close = () => setDialog(undefined);
  return (
    <>
      <PagedTable
        list={list}
        empty="No client has created an account yet."
        label="ACME accounts"
        keyOf={({ id }) => id}
        columns={[
          { name: 'Account', cell: ({ id }) => <code>{id}</code> },
          { name: 'State', cell: ({ state }) => <Badge state={state} /> },
          { name: 'Authority', cell: ({ caId }) => authorityName(caId) },
          { name: 'Contacts', cell: ({ contacts }) => contacts.join(', ') || 'none' },
          { name: 'Last order', cell: ({ lastUsedAt }) => <Time at={lastUsedAt} /> },
          {
            name: 'Action',
            cell: (account) => (
              <div className="flex flex-wrap gap-2">
                <Button
                  aria-label={`Orders of ACME account ${account.id}`}
                  onClick={() => setDialog({ kind: 'orders', account })}
                >
                  Orders
                </Button>
                {account.state === 'valid' && (
                  <Button
                    aria-label={`Revoke ACME account ${account.id}`}
                    reason={reason('acme:write')}
                    onClick={() => setDialog({ kind: 'revoke', account })}
                  >
                    Revoke
                  </Button>
                )}
              </div>
            ),
          },
        ]}
      />
      {dialog?.kind === 'orders' && <Orders account={dialog.account} onClose={close} />}
      {dialog?.kind === 'revoke' && <RevokeAccount account={dialog.account} onClose={close} />}
    </>
  );
}

interface AccountDialogProps {
  readonly account: Account;
  readonly onClose: () => void;
}

function Orders({ account: { id }, onClose }: AccountDialogProps) {
  const { tenantId } = useTenant();
  const list = useInfiniteQuery(ordersQuery(tenantId, id));
  return (
    <Dialog title="Orders of the account" onClose={onClose}>
      <PagedTable
        list={list}
        empty="It has no orders."
        label="ACME orders"
        keyOf={({ id: orderId }) => orderId}
        columns={[
          { name: 'Names', cell: ({ names }) => names.join(', ') },
          { name: 'State', cell: ({ state }) => <Badge state={state} /> },
          { name: 'Created', cell: ({ createdAt }) => <Time at={createdAt} /> },
          {
            name: 'Certificate (kid)',
            cell: ({ certificateKid }) => (certificateKid === null ? 'none' : <code>{certificateKid}</code>),
          },
        ]}
      />
      <div className="mt-4">
        <Button look="main" onClick={onClose}>
          Close
        </Button>
      </div>
    </Dialog>
  );
}

function RevokeAccount({ account: { id: acmeAccountId }, onClose }: AccountDialogProps) {
  const { tenantId } = useTenant();
  const revoke = useChange(
    () => dataOf(client.POST(`${ACCOUNT}/revoke`, { params: { path: { tenantId, acmeAccountId } } })),
    onClose,
  );
  return (
    <Dialog title="Revoke the ACME account?" onClose={onClose}>
      <ul className="mb-3 list-disc space-y-1 pl-5">
        <li>Its client can order no more certificates. This cannot be undone: a new account needs a new binding.</li>
        <li>Its certificates remain valid: revoke them on their pages.</li>
      </ul>
      <Form submit="Yes, Revoke" danger call={revoke} onCancel={onClose} onSubmit={() => revoke.mutate(undefined)} />
    </Dialog>
  );
}
