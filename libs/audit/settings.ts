import { baseUrlOf, listOf, optional, setting, text, wholeNumber } from '#config';
import type { StoreSetting } from '#key-stores';
import { Malformed, type VerifierKey, parseVerifierKey } from '#transparency-log';

import type { Witness } from './witness-client.js';

/** A witness costs a line of some kilobytes in every checkpoint, which is one row. */
const WITNESSES_MAX = 8;

/** `<verifier key> <URL>` @throws Error */
function witness(value: string): Witness {
  const [key = '', url = '', ...rest] = value.split(/ +/);
  if (rest.length > 0 || url === '') throw new Error('must be a verifier key, a blank and a URL, for each witness');
  return { key: cosignerKey(key), url: baseUrlOf('https:', 'http:')(url) };
}

function cosignerKey(value: string): VerifierKey {
  try {
    const key = parseVerifierKey(value);
    if (key.type !== 'ed25519') return key;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  throw new Error('must have a verifier key of a cosigner for each witness (C2SP tlog-cosignature)');
}

function witnesses(value: string): readonly Witness[] {
  const found = listOf(witness)(value);
  if (found.length > WITNESSES_MAX) throw new Error(`must name at most ${WITNESSES_MAX} witnesses`);
  return found;
}

/** Where the checkpoints of the histories are kept beside the database. */
export const checkpointSettings = {
  checkpointFile: setting({
    variable: 'CHANCERY_CHECKPOINT_FILE',
    fallback: './data/checkpoints.ndjson',
    parse: text,
    description:
      'File to which each signed checkpoint of a history is appended, preferably on a different disk from the ' +
      'database. It serves to detect a rollback of the database and to repeat erasures after a restore. `off`: ' +
      'no file.',
  }),
  witnesses: setting({
    variable: 'CHANCERY_WITNESS_URLS',
    fallback: '',
    parse: witnesses,
    description:
      'Comma-separated witnesses that cosign checkpoints (C2SP tlog-witness): for each its verifier key, a space ' +
      'and the base URL of `add-checkpoint`. At most 8.',
  }),
} as const;

/** Where the keys of the histories are. */
export const logKeySettings = {
  historyKeyStore: optional({
    variable: 'CHANCERY_HISTORY_KEY_STORE',
    parse: text,
    description:
      'Key store of `CHANCERY_KEY_STORES` in which the next key that signs the checkpoints of the histories is made, the first one too. ' +
      'Without it, where the latest one is. [Keys of the histories](key-stores.md#keys-of-the-histories).',
  }),
} as const;

/** Why the settings do not fit together. */
export const logKeyProblems = ({
  historyKeyStore,
  keyStores,
}: {
  readonly historyKeyStore: string | undefined;
  readonly keyStores: readonly StoreSetting[];
}): string[] =>
  historyKeyStore === undefined || keyStores.some(({ name }) => name === historyKeyStore)
    ? []
    : ['CHANCERY_HISTORY_KEY_STORE: must name a store of CHANCERY_KEY_STORES'];

/** For how long the personal fields of the histories are kept. */
export const personalDataSettings = {
  personalDataMinimumDays: setting({
    variable: 'CHANCERY_PERSONAL_DATA_MINIMUM_DAYS',
    fallback: '30',
    parse: wholeNumber(1, 3_650),
    description: 'Minimum days between the end of a month and the erasure of its personal fields.',
  }),
  personalDataRetentionMonths: setting({
    variable: 'CHANCERY_PERSONAL_DATA_RETENTION_MONTHS',
    fallback: '0',
    parse: wholeNumber(0, 240),
    description:
      "Months after which a month's personal fields are erased from the installation's own history; 0: never. " +
      'Each tenant has its own setting.',
  }),
} as const;

/** For how long the events of the histories are kept at least. */
export const retentionSettings = {
  historyRetentionMinimumDays: setting({
    variable: 'CHANCERY_HISTORY_RETENTION_MINIMUM_DAYS',
    fallback: '365',
    parse: wholeNumber(30, 36_500),
    description:
      "Minimum value of the tenants' setting `historyRetentionDays`; it also applies to lower values that were " +
      'set earlier.',
  }),
} as const;
