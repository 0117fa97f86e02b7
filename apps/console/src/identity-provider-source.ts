import { dataOf } from '#sdk';

import { type Schemas, pagesOf } from './queries.js';
import { client } from './server.js';
import type { StepUpHeader } from './step-up.js';

type Provider = Schemas['IdentityProvider'];

/** Identity providers that are managed together: those of a tenant, or those of the installation. */
export interface ProviderSource {
  readonly list: ReturnType<typeof providersQuery>;
  readonly create: (body: Schemas['NewIdentityProvider'], header: StepUpHeader) => Promise<Provider>;
  readonly change: (
    provider: Provider,
    body: Schemas['IdentityProviderChange'],
    header: StepUpHeader,
  ) => Promise<Provider>;
  readonly delete: (provider: Provider, header: StepUpHeader) => Promise<unknown>;
  readonly test: (provider: Provider) => Promise<Schemas['IdentityProviderTest']>;
  /** Whether they belong to the installation: then each group names the tenant whose members it makes. */
  readonly ofInstallation: boolean;
}

const OF_TENANT = '/v1/tenants/{tenantId}/identity-providers';
const ONE_OF_TENANT = `${OF_TENANT}/{identityProviderId}` as const;
const OF_INSTALLATION = '/v1/platform/identity-providers';
const ONE_OF_INSTALLATION = `${OF_INSTALLATION}/{identityProviderId}` as const;

const ifUnchanged = ({ version }: Provider, header: StepUpHeader) => ({ ...header, 'If-Match': `"${version}"` });

const providersQuery = (
  owner: string,
  read: (page: { cursor?: string }) => Promise<{ items: Provider[]; nextCursor: string | null }>,
) => pagesOf([owner, 'identity-providers'], read);

export function providersOfTenant(tenantId: string): ProviderSource {
  const path = ({ id: identityProviderId }: Provider) => ({ tenantId, identityProviderId });
  return {
    ofInstallation: false,
    list: providersQuery(tenantId, (query) => dataOf(client.GET(OF_TENANT, { params: { path: { tenantId }, query } }))),
    create: (body, header) => dataOf(client.POST(OF_TENANT, { params: { path: { tenantId }, header }, body })),
    change: (provider, body, header) =>
      dataOf(
        client.PATCH(ONE_OF_TENANT, {
          params: { path: path(provider), header: ifUnchanged(provider, header) },
          body,
        }),
      ),
    delete: (provider, header) =>
      dataOf(client.DELETE(ONE_OF_TENANT, { params: { path: path(provider), header }, body: {} })),
    test: (provider) => dataOf(client.POST(`${ONE_OF_TENANT}/test`, { params: { path: path(provider) } })),
  };
}

const inInstallation = ({ id: identityProviderId }: Provider) => ({ identityProviderId });

export const providersOfInstallation: ProviderSource = {
  ofInstallation: true,
  list: providersQuery('installation', (query) => dataOf(client.GET(OF_INSTALLATION, { params: { query } }))),
  create: (body, header) => dataOf(client.POST(OF_INSTALLATION, { params: { header }, body })),
  change: (provider, body, header) =>
    dataOf(
      client.PATCH(ONE_OF_INSTALLATION, {
        params: { path: inInstallation(provider), header: ifUnchanged(provider, header) },
        body,
      }),
    ),
  delete: (provider, header) =>
    dataOf(client.DELETE(ONE_OF_INSTALLATION, { params: { path: inInstallation(provider), header }, body: {} })),
  test: (provider) =>
    dataOf(client.POST(`${ONE_OF_INSTALLATION}/test`, { params: { path: inInstallation(provider) } })),
};
