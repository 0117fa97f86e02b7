import { queryOptions } from '@tanstack/react-query';
import { ChanceryError, dataOf } from '#sdk';

import { type MonthsSource, monthsOfInstallation, monthsOfTenant } from './history-months.js';
import { type EventFilter, type Schemas, eventsQuery, pagesOf } from './queries.js';
import { client } from './server.js';

export type ExportFormat = 'ndjson' | 'csv';
interface Period {
  readonly from?: string;
  readonly to?: string;
}

/** An export as it is saved: the events, and the checkpoint that covers them. */
interface ExportedHistory {
  readonly events: Blob;
  /** A signed note. */
  readonly checkpoint: string;
}

/** A history that can be read: that of a tenant, or that of the installation. */
export interface HistorySource {
  /** For the names of files. */
  readonly name: string;
  readonly list: (filter: EventFilter) => ReturnType<typeof eventsQuery>;
  readonly density: (day: string) => ReturnType<typeof densityQuery>;
  /** The months whose personal fields are or can be erased. */
  readonly months: MonthsSource['list'];
  readonly export: (format: ExportFormat, period: Period) => Promise<ExportedHistory>;
}

const densityQuery = (key: string, day: string, read: () => Promise<Schemas['AuditDensity']>) =>
  queryOptions({ queryKey: [key, 'audit-events', 'density', day], queryFn: read });

interface Answered {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: Response;
}

function exported({ data, error, response }: Answered): ExportedHistory {
  if (!response.ok) throw new ChanceryError(response.status, error);
  const encoded = atob(response.headers.get('X-Checkpoint') ?? '');
  const bytes = Uint8Array.from(encoded, (character) => character.charCodeAt(0));
  return { events: data as Blob, checkpoint: new TextDecoder().decode(bytes) };
}

export const tenantHistory = (tenantId: string, slug: string): HistorySource => ({
  name: slug,
  list: (filter) => eventsQuery(tenantId, filter),
  months: monthsOfTenant(tenantId).list,
  density: (day) =>
    densityQuery(tenantId, day, () =>
      dataOf(
        client.GET('/v1/tenants/{tenantId}/audit-events/density', { params: { path: { tenantId }, query: { day } } }),
      ),
    ),
  export: async (format, period) =>
    exported(
      await client.GET('/v1/tenants/{tenantId}/audit-events/export', {
        params: { path: { tenantId }, query: { format, ...period } },
        parseAs: 'blob',
      }),
    ),
});

const INSTALLATION = 'installation';

export const platformHistory: HistorySource = {
  name: INSTALLATION,
  months: monthsOfInstallation.list,
  list: (filter) =>
    pagesOf([INSTALLATION, 'audit-events', filter], (page) =>
      dataOf(client.GET('/v1/platform/audit-events', { params: { query: { ...filter, ...page } } })),
    ),
  density: (day) =>
    densityQuery(INSTALLATION, day, () =>
      dataOf(client.GET('/v1/platform/audit-events/density', { params: { query: { day } } })),
    ),
  export: async (format, period) =>
    exported(
      await client.GET('/v1/platform/audit-events/export', {
        params: { query: { format, ...period } },
        parseAs: 'blob',
      }),
    ),
};
