import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { Badge } from './badge.js';
import { Button } from './button.js';
import { Card, Page } from './page.js';
import type { ProviderSource } from '../identity-provider-source.js';
import { PagedTable } from './paged-table.js';
import { type Schemas, itemsOf, tenantsQuery } from '../queries.js';
import { roleName } from '../reasons.js';
import { ChangeProvider, CreateProvider } from '../pages/identity-provider-form.js';
import { DeleteProvider, TestProvider } from '../pages/identity-provider-steps.js';

type Provider = Schemas['IdentityProvider'];
type DialogOfProviders =
  { readonly kind: 'create' } | { readonly kind: 'test' | 'change' | 'delete'; readonly provider: Provider };

interface ProvidersProps {
  readonly source: ProviderSource;
  /** Why the person may not change them. */
  readonly reason: string | undefined;
  readonly introduction: string;
  /** What is said where there is none. */
  readonly none: string;
  /** Below the list. */
  readonly children?: ReactNode;
}

/** A page of identity providers: adding, testing, changing and deleting them. */
export function ProvidersPage({ source, reason, introduction, none, children }: ProvidersProps) {
  const [dialog, setDialog] = useState<DialogOfProviders>();
  const list = useInfiniteQuery(source.list);
  const tenants = itemsOf(useInfiniteQuery({ ...tenantsQuery, enabled: source.ofInstallation })).data ?? [];
  const inTenant = (tenantId: string | undefined): string =>
    tenantId === undefined ? '' : ` in ${tenants.find(({ id }) => id === tenantId)?.slug ?? tenantId}`;
  const close = () => setDialog(undefined);
  return (
    <Page
      title="Identity providers"
      introduction={introduction}
      actions={
        <Button look="main" reason={reason} onClick={() => setDialog({ kind: 'create' })}>
          Add identity provider
        </Button>
      }
    >
      <Card title="Providers">
        <PagedTable
          list={list}
          empty={<>{none}</>}
          label="Identity providers"
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
                  : roleMappings.map(({ group, role, tenantId }) => (
                      <div key={`${group} ${role} ${tenantId}`}>
                        {group}: {roleName(role)}
                        {inTenant(tenantId)}
                      </div>
                    )),
            },
            {
              name: 'Action',
              cell: (provider) => (
                <div className="flex flex-wrap gap-2">
                  <Button
                    aria-label={`Test ${provider.name}`}
                    reason={reason}
                    onClick={() => setDialog({ kind: 'test', provider })}
                  >
                    Test
                  </Button>
                  <Button
                    aria-label={`Change ${provider.name}`}
                    reason={reason}
                    onClick={() => setDialog({ kind: 'change', provider })}
                  >
                    Change
                  </Button>
                  <Button
                    aria-label={`Delete identity provider ${provider.name}`}
                    reason={reason}
                    onClick={() => setDialog({ kind: 'delete', provider })}
                  >
                    Delete
                  </Button>
                </div>
              ),
            },
          ]}
        />
      </Card>
      {children}
      {dialog?.kind === 'create' && (
        <CreateProvider
          source={source}
          onClose={close}
          onCreated={(provider) => setDialog({ kind: 'test', provider })}
        />
      )}
      {dialog?.kind === 'test' && <TestProvider source={source} provider={dialog.provider} onClose={close} />}
      {dialog?.kind === 'change' && <ChangeProvider source={source} provider={dialog.provider} onClose={close} />}
      {dialog?.kind === 'delete' && <DeleteProvider source={source} provider={dialog.provider} onClose={close} />}
    </Page>
  );
}
