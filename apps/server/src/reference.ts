import { type ErrorTable, type EventTable, declarationOf } from '#core';
import { InstallationModule, configurationMarkdown, modulesOf } from '#installation';
import { Measures, type MeasuresOptions, type MetricTable } from '#metrics';
import { formats } from '#signing';
import { permissions, permissionsOfRole, roles, tenantSettings } from '#tenants';

import { HealthModule } from './health.module.js';
import { HttpModule } from './http/http.module.js';
import { STATUS_OF_KIND } from './http/problem.js';
import { MetricsApiModule } from './metrics/metrics-api.module.js';

/** Where the tables are declared: the modules of the server, and what they import. */
const ROOTS: readonly object[] = [InstallationModule, HttpModule, HealthModule, MetricsApiModule];

const modules = [...new Set(ROOTS.flatMap((root) => [...modulesOf(root)]))];
const declarations = modules.map(declarationOf);

const byName = <Table>(tables: readonly Table[], nameOf: (table: Table) => string): readonly Table[] =>
  tables.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));

/** Every table of errors that a module declares; `docs/errors.md` is made from them. */
export const errorTables: readonly ErrorTable[] = byName(
  declarations.flatMap(({ errors = [] }) => errors.map(({ table }) => table)),
  ({ feature }) => feature,
);

/** Every table of audit events that a module declares; `docs/audit-events.md` is made from them. */
export const eventTables: readonly EventTable[] = byName(
  declarations.flatMap(({ events = [] }) => events.map(({ table }) => table)),
  ({ noun }) => noun,
);

/** What the providers of a module measure. */
const measuredBy = (module: object): readonly MetricTable[] =>
  ((Reflect.getMetadata('providers', module) ?? []) as unknown[]).flatMap((provider) => {
    if (typeof provider !== 'function') return [];
    const options = Reflect.getMetadata(Measures.KEY, provider) as MeasuresOptions | undefined;
    return options === undefined ? [] : [options.metrics];
  });

/** Every metric that a library measures; `docs/metrics.md` is made from them. */
export const metricTable: MetricTable = Object.fromEntries(
  modules
    .flatMap(measuredBy)
    .flatMap((measured) => Object.entries(measured))
    .toSorted(([one], [other]) => (one < other ? -1 : 1)),
);

const NOTICE = '<!-- Made from the tables in the code by `npm run docs`; a test fails where the two differ. -->';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const page = (title: string, introduction: string, ...parts: readonly string[]): string =>
  [`# ${title}`, NOTICE, introduction, ...parts].join('\n\n').concat('\n');

/** The reference pages under `docs/`, by file name. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'errors.md': page(
      'Errors',
      'Errors are `application/problem+json` (RFC 9457). `code` is stable: match on it, not on `title` or `detail`.',
      ...errorTables.map(({ feature, definitions }) =>
        [
          `## ${feature}`,
          table(
            ['code', 'status', 'meaning'],
            Object.entries(definitions).map(([code, { kind, title }]) => [
              `\`${code}\``,
              String(STATUS_OF_KIND[kind]),
              title,
            ]),
          ),
        ].join('\n\n'),
      ),
    ),
    'audit-events.md': page(
      'Audit events',
      'Every change, issuance, reveal and rejection is one event. It says who did what to which resource, when, from where, and with what outcome.',
      table(
        ['action', 'meaning'],
        eventTables.flatMap(({ noun, descriptions }) =>
          Object.entries(descriptions).map(([name, description]) => [`\`${noun}.${name}\``, description]),
        ),
      ),
    ),
    'metrics.md': page(
      'Metrics',
      '`GET /metrics` returns these metrics, and those of the process and Node.js (`process_*`, `nodejs_*`). ' +
        '[Operations](operations.md#metrics) describes how to read them and what to alert on. No label names a person or a ' +
        'secret. Labels name tenants only if `CHANCERY_METRICS_TENANTS` is set.',
      table(
        ['metric', 'kind', 'labels', 'meaning'],
        Object.entries(metricTable).map(([name, { kind, labels, help }]) => [
          `\`${name}\``,
          kind,
          labels.map((label) => `\`${label}\``).join(', '),
          help,
        ]),
      ),
    ),
    'permissions.md': page(
      'Permissions',
      'Each route requires one permission (`x-access` in the API document). A service has its permissions through its credential.',
      table(
        ['permission', ...roles, 'service', 'platform_admin', 'permits'],
        Object.entries(permissions).map(([name, row]) => [
          `\`${name}\``,
          ...roles.map((role) => ((row.roles as readonly string[]).includes(role) ? 'yes' : '')),
          row.audience === 'service' ? 'yes' : '',
          row.platformAdmin ? 'yes' : '',
          row.description,
        ]),
      ),
    ),
    'configuration.md': page(
      'Configuration',
      'Environment variables of the server, and settings of each tenant (`PATCH /v1/tenants/{tenantId}`).',
      ['## Server', configurationMarkdown().trimEnd()].join('\n\n'),
      [
        '## Tenant',
        table(
          ['setting', 'default', 'meaning'],
          Object.entries(tenantSettings).map(([name, row]) => [
            `\`${name}\``,
            `\`${[row.default].flat().join(', ') || 'none'}\``,
            row.description,
          ]),
        ),
      ].join('\n\n'),
    ),
  };
}

/** One line for each member, so that a change shows as one. */
const literal = (members: Readonly<Record<string, unknown>>): string =>
  `{\n${Object.entries(members)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`)
    .join('')}}`;

/** The text of `libs/sdk/reference.ts`: what forms offer and explain, and the API document has no place for. */
export function referenceModule(): string {
  const actions = eventTables.flatMap(({ noun, descriptions }) =>
    Object.entries(descriptions).map(([name, description]) => [`${noun}.${name}`, description] as const),
  );
  const settings = Object.entries(tenantSettings).map(
    ([name, { default: value, description, form }]) => [name, { default: value, description, ...form }] as const,
  );
  const tokenFormats = [...formats.values()].map(
    ({ name, issuer, lifetime, certificates = false, inputExample }) =>
      [name, { issuer, isOpen: lifetime === undefined, certificates, inputExample }] as const,
  );
  return [
    '// Made from the tables in the code by `npm run docs`; a test fails where the two differ.',
    `/** The actions of the events of the history, and what each means: what a webhook subscribes to. */\nexport const auditActions = ${literal(Object.fromEntries(actions))} as const;`,
    `/** What each role of a member permits. */\nexport const rolePermissions = ${literal(Object.fromEntries(roles.map((role) => [role, permissionsOfRole(role)])))} as const;`,
    `/** The settings of a tenant: what each means, its default, and what it can be. */\nexport const tenantSettings = ${literal(Object.fromEntries(settings))} as const;`,
    `/** What a profile of each token format can set: with isOpen also audience, lifetime and claims, which vendors fix. */\nexport const tokenFormats = ${literal(Object.fromEntries(tokenFormats))} as const;`,
  ]
    .join('\n\n')
    .concat('\n');
}
