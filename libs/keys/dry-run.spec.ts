import { describe, expect, it } from 'vitest';

import { type Situation, dryRunOf } from './dry-run.js';

const NOW = 1_000_000;
const UNUSED = { profiles: [], services: [] };
const USED = { profiles: ['partner-api'], services: ['billing'] };
const situation = (changes: Partial<Situation> = {}): Situation => ({
  now: NOW,
  keyState: 'active',
  versionState: 'active',
  hasActive: true,
  hasPending: true,
  lastTokenExpiresAt: null,
  users: USED,
  ...changes,
});
const UNEXPIRED = { lastTokenExpiresAt: NOW + 1 };
const EXPIRED = { lastTokenExpiresAt: NOW };

describe('a dry run', () => {
  it.each([
    ['retire', 'the version that profiles sign with', {}, false],
    ['retire', 'a version that no profile uses', { users: UNUSED, ...UNEXPIRED }, true],
    ['retire', 'a staged version', { versionState: 'pending' }, true],
    ['compromise', 'a retired version with unexpired tokens', { versionState: 'retired', ...UNEXPIRED }, false],
    ['compromise', 'a retired version whose tokens have expired', { versionState: 'retired', ...EXPIRED }, true],
    ['delete', 'an unused key with unexpired tokens', { versionState: undefined, users: UNUSED, ...UNEXPIRED }, false],
    ['delete', 'an unused key', { versionState: undefined, users: UNUSED, ...EXPIRED }, true],
  ] as const)('the dry run of %s %s says whether it is safe', (action, _, changes, safeNow) => {
    expect(dryRunOf(action, situation(changes))).toMatchObject({ allowed: true, impact: { safeNow } });
  });

  it.each([
    ['retire', { versionState: 'retired' }],
    ['retire', { keyState: 'deleted' }],
    ['compromise', { versionState: 'compromised' }],
    ['compromise', { versionState: 'destroyed' }],
    ['delete', { keyState: 'deleted', versionState: undefined }],
  ] as const)('%s is rejected for %j by a dry run', (action, changes) => {
    expect(dryRunOf(action, situation(changes))).toMatchObject({ allowed: false, code: 'WRONG_STATE' });
  });

  it.each([
    ['rotate', 'a key without an active version', { versionState: undefined, hasActive: false }, 'KEY_NOT_USABLE'],
    ['retire', 'the only active version', { hasPending: false }, 'LAST_ACTIVE_KEY_VERSION'],
    ['delete', 'a key that profiles sign with', { versionState: undefined }, 'KEY_IN_USE'],
  ] as const)('the dry run of %s rejects %s', (action, _, changes, code) => {
    expect(dryRunOf(action, situation(changes))).toMatchObject({ allowed: false, code });
  });

  it.each([
    ['rotate', 'a key with an active version', { versionState: undefined }],
    ['retire', 'a staged version, though none follows it', { versionState: 'pending', hasPending: false }],
    ['compromise', 'the only active version', { hasPending: false }],
  ] as const)('the dry run of %s allows %s', (action, _, changes) => {
    expect(dryRunOf(action, situation(changes))).toMatchObject({ allowed: true, code: undefined });
  });

  it('a dry run names the profiles that depend on the key', () => {
    expect(dryRunOf('delete', situation({ versionState: undefined })).impact).toMatchObject(USED);
  });
});
