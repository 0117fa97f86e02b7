import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { More } from '../components/more.js';
import { Card, Empty, Loaded, Page } from '../components/page.js';
import { Table } from '../components/table.js';
import { type Schemas, itemsOf, pagesOf } from '../queries.js';
import { roleName } from '../reasons.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { ChangeProvider, CreateProvider } from './identity-provider-form.js';
import { DeleteProvider, TestProvider } from './identity-provider-steps.js';
import { PasswordSignIn } from './password-sign-in.js';

const providersQuery = (tenantId: string) =>
  pagesOf([tenantId, 'identity-providers'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/identity-providers', { params: { path: { tenantId }, query: page } })),
  );

type Provider = Schemas['IdentityProvider'];
type DialogOfProviders =
  { readonly kind: 'create' } | { readonly kind: 'test' | 'change' | 'delete'; readonly provider: Provider };

/** How people of the tenant sign in with the identity of their company. */
export function IdentityProvidersPage() {
  const { tenantId, reason } = useTenant();
  const [dialog, setDialog] = useState<DialogOfProviders>();
  const list = useInfiniteQuery(providersQuery(tenantId));
  const notPermitted = reason('identity-providers:write');
  const close = () => setDialog(undefined);
  return (
    <Page
      title="Identity providers"
      introduction="People sign in with the identity of their company (OpenID Connect)."
      actions={
        <Button look="main" reason={notPermitted} onClick={() => setDialog({ kind: 'create' })}>
          Add identity provider
        </Button>
      }
    >
      <Card title="Providers">
        <Loaded query={itemsOf(list)}>
          {(providers) =>
            providers.length === 0 ? (
              <Empty>There is none: members sign in with a password.</Empty>
            ) : (
              <Table
                label="Identity providers"
                rows={providers}
                keyOf={({ id }) => id}
                columns={[
                  { name: 'Name', cell: ({ name }) => name },
                  { name: 'State', cell: ({ enabled }) => <Badge state={enabled ? 'active' : 'disabled'} /> },
                  { name: 'Issuer', cell: ({ issuer }) => issuer },
                  {
                    name: 'Who becomes a member',
                    cell: ({ roleMappings }) =>
                      roleMappings.length === 0
                        ? 'who was invited'
                        : roleMappings.map(({ group, role }) => (
                            <div key={`${group} ${role}`}>
                              {group}: {roleName(role)}
                            </div>
                          )),
                  },
                  {
                    name: 'Action',
                    cell: (provider) => (
                      <div className="flex flex-wrap gap-2">
                        <Button
                          aria-label={`Test ${provider.name}`}
                          reason={notPermitted}
                          onClick={() => setDialog({ kind: 'test', provider })}
                        >
                          Test
                        </Button>
                        <Button
                          aria-label={`Change ${provider.name}`}
                          reason={notPermitted}
                          onClick={() => setDialog({ kind: 'change', provider })}
                        >
                          Change
                        </Button>
                        <Button
                          aria-label={`Delete identity provider ${provider.name}`}
                          reason={notPermitted}
                          onClick={() => setDialog({ kind: 'delete', provider })}
                        >
                          Delete
                        </Button>
                      </div>
                    ),
                  },
                ]}
              />
            )
          }
        </Loaded>
        <More list={list} />
      </Card>
      <PasswordSignIn />
      {dialog?.kind === 'create' && (
        <CreateProvider onClose={close} onCreated={(provider) => setDialog({ kind: 'test', provider })} />
      )}
      {dialog?.kind === 'test' && <TestProvider provider={dialog.provider} onClose={close} />}
      {dialog?.kind === 'change' && <ChangeProvider provider={dialog.provider} onClose={close} />}
      {dialog?.kind === 'delete' && <DeleteProvider provider={dialog.provider} onClose={close} />}
    </Page>
  );
}
