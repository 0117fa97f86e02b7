import { type InputError, coreErrors } from '#core';

import { isDnsNamePattern } from './dns-name-patterns.js';
import type { Role } from './roles.js';

/** How a form shows a setting. */
export type SettingForm =
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'flag' }
  | { readonly kind: 'list'; readonly of: 'number' | 'text' };

interface SettingRow<Value> {
  readonly default: Value;
  readonly description: string;
  readonly form: SettingForm;
  /** The problem of a proposed value; `undefined` if there is none. */
  readonly refuse: (value: unknown) => string | undefined;
}

const wholeNumber = (value: number, min: number, max: number, description: string): SettingRow<number> => ({
  default: value,
  description: `${description} (${min} to ${max})`,
  form: { kind: 'number', min, max },
  refuse: (proposed) =>
    Number.isSafeInteger(proposed) && (proposed as number) >= min && (proposed as number) <= max
      ? undefined
      : `a whole number from ${min} to ${max} is expected`,
});

const choice = <const Value extends string>(
  value: NoInfer<Value>,
  values: readonly Value[],
  description: string,
): SettingRow<Value> => ({
  default: value,
  description: `${description}: ${values.join(', ')}`,
  form: { kind: 'choice', values },
  refuse: (proposed) => (values.includes(proposed as Value) ? undefined : `one of ${values.join(', ')} is expected`),
});

const DNS_NAMES_MAX = 50;

const dnsNamePatterns = (description: string): SettingRow<readonly string[]> => ({
  default: [],
  description: `${description} (at most ${DNS_NAMES_MAX}: exact names, or \`*.\` and a domain for every name below it)`,
  form: { kind: 'list', of: 'text' },
  refuse: (proposed) => {
    if (!Array.isArray(proposed) || proposed.length > DNS_NAMES_MAX)
      return `at most ${DNS_NAMES_MAX} names are expected`;
    const wrong = proposed.findIndex((name) => typeof name !== 'string' || !isDnsNamePattern(name));
    return wrong < 0 ? undefined : `item ${wrong} is neither a DNS name nor \`*.\` and a domain of two labels`;
  },
});

const flag = (description: string): SettingRow<boolean> => ({
  default: false,
  description,
  form: { kind: 'flag' },
  refuse: (proposed) => (typeof proposed === 'boolean' ? undefined : '`true` or `false` is expected'),
});

/** Maximum number of days of an announcement before an expiry. */
export const ANNOUNCEMENT_DAYS_MAX = 90;
const ANNOUNCEMENTS_MAX = 10;

const isLead = (day: unknown): boolean =>
  Number.isSafeInteger(day) && (day as number) >= 1 && (day as number) <= ANNOUNCEMENT_DAYS_MAX;

const leadDays = (days: readonly number[], description: string): SettingRow<readonly number[]> => ({
  default: days,
  description: `${description} (at most ${ANNOUNCEMENTS_MAX} numbers from 1 to ${ANNOUNCEMENT_DAYS_MAX}; none: no announcements)`,
  form: { kind: 'list', of: 'number' },
  refuse: (proposed) =>
    Array.isArray(proposed) && proposed.length <= ANNOUNCEMENTS_MAX && proposed.every(isLead)
      ? undefined
      : `at most ${ANNOUNCEMENTS_MAX} whole numbers from 1 to ${ANNOUNCEMENT_DAYS_MAX} are expected`,
});

/** The settings of a tenant: adding one is one row. */
export const tenantSettings = {
  credentialsPerType: wholeNumber(2, 2, 10, 'Live credentials per service and auth type'),
  reveal: choice('allowed', ['allowed', 'once', 'never'], 'Whether secrets can be shown again'),
  expiryLeadDays: wholeNumber(14, 1, 90, 'Days before expiry at which the last active credential gets a successor'),
  credentialLifetimeDays: wholeNumber(
    365,
    1,
    3_650,
    'Validity of a successor that Chancery creates, in days; at least twice `expiryLeadDays`',
  ),
  inactiveCredentialDays: wholeNumber(
    7,
    0,
    365,
    'Days without use after which an inactive credential is deleted; 0: never',
  ),
  onLastExpiry: choice('successor', ['successor', 'lapse'], 'What happens when the last active credential expires'),
  keyDeletionDays: wholeNumber(7, 0, 30, 'Days during which a deleted key can be restored'),
  keyVersions: wholeNumber(
    500,
    10,
    2_000,
    'Maximum number of key versions that sign, will sign or verify, for all keys together',
  ),
  transactionRetentionDays: wholeNumber(90, 1, 730, 'Days for which a token transaction is stored'),
  personalDataRetentionMonths: wholeNumber(
    0,
    0,
    240,
    "Months after which a month's personal fields are erased from the history; 0: never",
  ),
  historyRetentionDays: wholeNumber(
    0,
    0,
    36_500,
    'Days after which the events of the history are erased; their hashes and proofs remain; 0: never. A shorter ' +
      'period takes effect after 30 days; the operator sets a minimum',
  ),
  historyHold: flag('Legal hold: prevents erasing events and personal fields of the history'),
  requireSecondFactor: flag('Whether members need a second factor to work in the tenant'),
  passwordSignIn: choice(
    'all',
    ['all', 'owners', 'none'],
    'Which members may work in the tenant by a session that began with a password; the others sign in by an identity provider',
  ),
  admitProviderGroups: flag("Whether the installation's identity providers can add members through group mappings"),
  announcementDays: leadDays([30, 14, 7, 1], 'Days before an expiry or rotation at which it is announced'),
  allowedDnsNames: dnsNamePatterns(
    'DNS names that authorities without their own `domains` certify; if empty, only names under `<slug>.internal`',
  ),
} as const;

export type TenantSettings = {
  readonly [Name in keyof typeof tenantSettings]: (typeof tenantSettings)[Name]['default'];
};

const rows: Readonly<Record<string, SettingRow<unknown>>> = tenantSettings;

/** The effective settings: defaults, overridden by what the tenant set. */
export function effectiveSettings(stored: Readonly<Record<string, unknown>>): TenantSettings {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [name, stored[name] ?? row.default]),
  ) as TenantSettings;
}

/**
 * Checks a partial change.
 * @param parent where the members are in the request body (RFC 6901)
 * @throws VALIDATION_ERROR that lists every member that is wrong
 */
export function checkSettings(change: Readonly<Record<string, unknown>>, parent = '/settings'): void {
  const errors = Object.entries(change).flatMap(([name, value]): InputError[] => {
    const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
    const pointer = `${parent}/${name}`;
    if (!row) return [{ pointer, code: 'UNKNOWN_FIELD', detail: 'there is no such setting' }];
    const detail = row.refuse(value);
    return detail === undefined ? [] : [{ pointer, code: 'INVALID_SETTING', detail }];
  });
  if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
}

type StoredSettings = Readonly<Record<string, unknown>>;

/** The settings before a change and after it. */
const beforeAndAfter = (stored: StoredSettings, change: StoredSettings): [TenantSettings, TenantSettings] => [
  effectiveSettings(stored),
  effectiveSettings({ ...stored, ...change }),
];

/** Whether a retention period becomes shorter; 0 means without end. */
const isShorter = (before: number, after: number): boolean => after !== 0 && (before === 0 || after < before);

/** Whether a change of the settings erases events of the history earlier than before. */
export function erasesBodiesEarlier(stored: StoredSettings, change: StoredSettings = {}): boolean {
  const [before, after] = beforeAndAfter(stored, change);
  if (after.historyHold || after.historyRetentionDays === 0) return false;
  return before.historyHold || isShorter(before.historyRetentionDays, after.historyRetentionDays);
}

/** Whether events of the history are kept without end. */
export const keepsBodies = (stored: StoredSettings): boolean => {
  const { historyHold, historyRetentionDays } = effectiveSettings(stored);
  return historyHold || historyRetentionDays === 0;
};

/** The same for events or their personal fields. Such a change requires a step-up. */
export function erasesEarlier(stored: StoredSettings, change: StoredSettings = {}): boolean {
  const [before, after] = beforeAndAfter(stored, change);
  if (before.historyHold && !after.historyHold) return true;
  return (
    isShorter(before.personalDataRetentionMonths, after.personalDataRetentionMonths) ||
    isShorter(before.historyRetentionDays, after.historyRetentionDays)
  );
}

/** Whether these settings permit a member with this role to use a session that began with a password. */
export function acceptsPasswords(settings: Parameters<typeof effectiveSettings>[0], role: Role): boolean {
  const { passwordSignIn } = effectiveSettings(settings);
  return passwordSignIn === 'all' || (passwordSignIn === 'owners' && role === 'owner');
}
