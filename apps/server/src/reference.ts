import { historyErrors, historyEvents, requestEvents } from '#audit';
import { authorityErrors, authorityEvents, certificateErrors, certificateEvents } from '#certificates';
import { configurationMarkdown } from '#config';
import { type ErrorTable, type EventTable, coreErrors } from '#core';
import { cryptoErrors, keyFileErrors, passwordErrors, sealingErrors } from '#crypto';
import { databaseErrors } from '#database';
import { idempotencyErrors } from '#idempotency';
import { keyErrors, keyEvents } from '#keys';
import { licenseEvents, licensingErrors } from '#licensing';
import { clockEvents } from '#scheduler';
import { callerErrors, credentialErrors, credentialEvents, serviceErrors, serviceEvents } from '#service-keys';
import { profileErrors, profileEvents, tokenEvents, transactionErrors } from '#signing';
import {
  accountErrors,
  invitationErrors,
  invitationEvents,
  memberErrors,
  memberEvents,
  permissions,
  roles,
  sessionErrors,
  sessionEvents,
  tenantErrors,
  tenantEvents,
  tenantSettings,
  userEvents,
} from '#tenants';
import { dataKeyEvents } from '#vault';

import { httpErrors } from './http/errors.js';
import { healthErrors } from './http/health.controller.js';
import { STATUS_OF_KIND } from './http/problem.js';

/** Every table of errors; `docs/errors.md` is made from them. */
export const errorTables: readonly ErrorTable[] = [
  coreErrors,
  httpErrors,
  healthErrors,
  idempotencyErrors,
  historyErrors,
  databaseErrors,
  sealingErrors,
  cryptoErrors,
  keyFileErrors,
  passwordErrors,
  sessionErrors,
  tenantErrors,
  memberErrors,
  invitationErrors,
  accountErrors,
  callerErrors,
  serviceErrors,
  credentialErrors,
  keyErrors,
  authorityErrors,
  certificateErrors,
  profileErrors,
  transactionErrors,
  licensingErrors,
].map(({ table }) => table);

/** Every table of audit events; `docs/audit-events.md` is made from them. */
export const eventTables: readonly EventTable[] = [
  tenantEvents,
  memberEvents,
  invitationEvents,
  userEvents,
  sessionEvents,
  serviceEvents,
  credentialEvents,
  keyEvents,
  authorityEvents,
  certificateEvents,
  dataKeyEvents,
  profileEvents,
  tokenEvents,
  licenseEvents,
  requestEvents,
  historyEvents,
  clockEvents,
].map(({ table }) => table);

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
      'Refusals are `application/problem+json` (RFC 9457). `code` is stable: match on it, not on `title` or `detail`.',
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
      'Every change, issue, reveal and refusal is one event: who, what, on what, when, from where, with what outcome.',
      table(
        ['action', 'meaning'],
        eventTables.flatMap(({ noun, descriptions }) =>
          Object.entries(descriptions).map(([name, description]) => [`\`${noun}.${name}\``, description]),
        ),
      ),
    ),
    'permissions.md': page(
      'Permissions',
      'Each route asks for one permission (`x-access` in the API document). Services hold theirs by their credential.',
      table(
        ['permission', ...roles, 'service', 'platform_admin', 'permits to'],
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
      'Environment variables of the server, and the settings that each tenant has (`PATCH /v1/tenants/{tenantId}`).',
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
