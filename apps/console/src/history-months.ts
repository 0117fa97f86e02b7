import { dataOf } from '#sdk';

import { type Schemas, pagesOf } from './queries.js';
import { client } from './server.js';
import type { StepUpHeader } from './step-up.js';

/** The months of a history that can be erased: that of a tenant, or that of the installation. */
export interface MonthsSource {
  readonly list: ReturnType<typeof monthsQuery>;
  /** What the erasure would do. @param month `YYYY-MM` */
  readonly dryRun: (month: string) => Promise<Schemas['HistoryErasureDryRun']>;
  /** Permanently erases the personal fields of its events. @param month `YYYY-MM` */
  readonly erase: (month: string, header: StepUpHeader) => Promise<unknown>;
}

const TENANT_MONTHS = '/v1/tenants/{tenantId}/history/months';
const PLATFORM_MONTHS = '/v1/platform/history/months';
const DRY_RUN = { dryRun: true };

const monthsQuery = (
  history: string,
  read: (page: { cursor?: string }) => Promise<{ items: Schemas['HistoryMonth'][]; nextCursor: string | null }>,
) => pagesOf([history, 'history', 'months'], read);

export const monthsOfTenant = (tenantId: string): MonthsSource => ({
  list: monthsQuery(tenantId, (query) => dataOf(client.GET(TENANT_MONTHS, { params: { path: { tenantId }, query } }))),
  dryRun: async (month) =>
    (await dataOf(
      client.POST(`${TENANT_MONTHS}/{month}/erase`, {
        params: { path: { tenantId, month }, query: DRY_RUN },
        body: {},
      }),
    )) as Schemas['HistoryErasureDryRun'],
  erase: (month, header) =>
    dataOf(client.POST(`${TENANT_MONTHS}/{month}/erase`, { params: { path: { tenantId, month }, header }, body: {} })),
});

export const monthsOfInstallation: MonthsSource = {
  list: monthsQuery('installation', (query) => dataOf(client.GET(PLATFORM_MONTHS, { params: { query } }))),
  dryRun: async (month) =>
    (await dataOf(
      client.POST(`${PLATFORM_MONTHS}/{month}/erase`, { params: { path: { month }, query: DRY_RUN }, body: {} }),
    )) as Schemas['HistoryErasureDryRun'],
  erase: (month, header) =>
    dataOf(client.POST(`${PLATFORM_MONTHS}/{month}/erase`, { params: { path: { month }, header }, body: {} })),
};
