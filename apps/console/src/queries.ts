import {
  type UseInfiniteQueryResult,
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { type components, dataOf } from '#sdk';

import { client } from './server.js';

export type Schemas = components['schemas'];

export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** A list of the API, page by page. */
export const pagesOf = <Item>(key: readonly unknown[], read: (cursor: { cursor?: string }) => Promise<PageOf<Item>>) =>
  infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam === undefined ? {} : { cursor: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

/** The items of all pages that were read. */
export const itemsOf = <Item>(list: UseInfiniteQueryResult<{ readonly pages: readonly PageOf<Item>[] }>) => ({
  data: list.data?.pages.flatMap(({ items }) => items),
  error: list.error,
});

/**
 * A change by the API, after which everything that is shown is read again.
 * @param onDone before that; a promise is awaited, so that a page that is left reads nothing that is gone
 */
export function useChange<Input, Answer>(
  change: (input: Input) => Promise<Answer>,
  onDone?: (answer: Answer) => void | Promise<void>,
) {
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: change,
    onSuccess: async (answer) => {
      await onDone?.(answer);
      await queries.invalidateQueries();
    },
  });
  const { isPending, variables, mutate } = mutation;
  return {
    ...mutation,
    /** A second press on a button, while the first is being answered, asks for nothing more. */
    mutate: (input: Input) => {
      if (!isPending || !Object.is(variables, input)) mutate(input);
    },
  };
}

/** The values of an enumeration of the API, as a field offers them. */
export const optionsOf = (values: readonly string[]) => values.map((value) => ({ value, label: value }));

export const selfQuery = queryOptions({ queryKey: ['self'], queryFn: () => dataOf(client.GET('/v1/auth/me')) });

export const sessionsQuery = pagesOf(['sessions'], (page) =>
  dataOf(client.GET('/v1/auth/sessions', { params: { query: page } })),
);

export const factorsQuery = queryOptions({
  queryKey: ['factors'],
  queryFn: () => dataOf(client.GET('/v1/auth/factors')),
});

export const offeredProvidersQuery = (tenant: string | undefined) =>
  queryOptions({
    queryKey: ['identity-providers', tenant],
    queryFn: () =>
      dataOf(client.GET('/v1/auth/identity-providers', { params: { query: tenant === undefined ? {} : { tenant } } })),
  });

/** The tenants of the installation. */
export const tenantsQuery = pagesOf(['tenants'], (page) =>
  dataOf(client.GET('/v1/tenants', { params: { query: page } })),
);

const inTenant = (tenantId: string) => ({ path: { tenantId } });

export const tenantQuery = (tenantId: string) =>
  queryOptions({
    queryKey: [tenantId, 'tenant'],
    queryFn: () => dataOf(client.GET('/v1/tenants/{tenantId}', { params: { path: { tenantId } } })),
  });

export const servicesQuery = (tenantId: string) =>
  pagesOf([tenantId, 'services'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/services', { params: { ...inTenant(tenantId), query: page } })),
  );

export const serviceQuery = (tenantId: string, serviceId: string) =>
  queryOptions({
    queryKey: [tenantId, 'services', serviceId],
    queryFn: () =>
      dataOf(client.GET('/v1/tenants/{tenantId}/services/{serviceId}', { params: { path: { tenantId, serviceId } } })),
  });

export const credentialsQuery = (tenantId: string, serviceId: string) =>
  pagesOf([tenantId, 'services', serviceId, 'credentials'], (page) =>
    dataOf(
      client.GET('/v1/tenants/{tenantId}/services/{serviceId}/credentials', {
        params: { path: { tenantId, serviceId }, query: page },
      }),
    ),
  );

export const keysQuery = (tenantId: string) =>
  pagesOf([tenantId, 'keys'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/keys', { params: { ...inTenant(tenantId), query: page } })),
  );

export const keyStoresQuery = (tenantId: string) =>
  queryOptions({
    queryKey: [tenantId, 'key-stores'],
    queryFn: () => dataOf(client.GET('/v1/tenants/{tenantId}/key-stores', { params: inTenant(tenantId) })),
  });

export const profilesQuery = (tenantId: string) =>
  pagesOf([tenantId, 'token-profiles'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/token-profiles', { params: { ...inTenant(tenantId), query: page } })),
  );

interface ExpirationFilter {
  readonly from?: string;
  readonly before?: string;
  readonly kind?: Schemas['Expiration']['kind'];
  readonly limit?: number;
}

export const expirationsQuery = (tenantId: string, filter: ExpirationFilter = {}) =>
  pagesOf([tenantId, 'expirations', filter], (page) =>
    dataOf(
      client.GET('/v1/tenants/{tenantId}/expirations', {
        params: { ...inTenant(tenantId), query: { ...filter, ...page } },
      }),
    ),
  );

export type EventFilter = NonNullable<
  import('#sdk').paths['/v1/tenants/{tenantId}/audit-events']['get']['parameters']['query']
>;

export const eventsQuery = (tenantId: string, filter: EventFilter) =>
  pagesOf([tenantId, 'audit-events', filter], (page) =>
    dataOf(
      client.GET('/v1/tenants/{tenantId}/audit-events', {
        params: { ...inTenant(tenantId), query: { ...filter, ...page } },
      }),
    ),
  );

export const authoritiesQuery = (tenantId: string) =>
  pagesOf([tenantId, 'certificate-authorities'], (page) =>
    dataOf(
      client.GET('/v1/tenants/{tenantId}/certificate-authorities', { params: { ...inTenant(tenantId), query: page } }),
    ),
  );

type CertificateFilter = NonNullable<
  import('#sdk').paths['/v1/tenants/{tenantId}/certificates']['get']['parameters']['query']
>;

export const certificatesQuery = (tenantId: string, filter: Omit<CertificateFilter, 'cursor' | 'limit'>) =>
  pagesOf([tenantId, 'certificates', filter], (page) =>
    dataOf(
      client.GET('/v1/tenants/{tenantId}/certificates', {
        params: { ...inTenant(tenantId), query: { ...filter, ...page } },
      }),
    ),
  );

export const apiTokensQuery = (tenantId: string) =>
  pagesOf([tenantId, 'api-tokens'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/api-tokens', { params: { ...inTenant(tenantId), query: page } })),
  );
