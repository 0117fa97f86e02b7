import { describe, expect, it } from 'vitest';

import { DAY } from '#core';

import {
  type CredentialAction,
  type CredentialFacts,
  type CredentialPolicy,
  type RefusalCode,
  automaticSuccessorExpiry,
  countLive,
  credentialActions,
  deletionDueAt,
  expiredAsLast,
  isLastingActive,
  isSuccessionDue,
  isUnusedSuccessor,
  leavesNoneActive,
  occupiesInactiveSlot,
  offeredActions,
  refusalOf,
  refusalOfCreation,
  successorDueAt,
  successorExpiry,
} from './credential-rules.js';

const NOW = 1_000_000;
const POLICY: CredentialPolicy = { credentialsPerType: 3, reveal: 'allowed' };

/** Everything that one credential can be, as its row and the clock say it together. */
const kinds = {
  active: { state: 'active' },
  expiring: { state: 'active', expiresAt: NOW + 1 },
  overlapping: { state: 'active', overlapEndsAt: NOW + 1 },
  overlapEnded: { state: 'active', overlapEndsAt: NOW },
  inactive: { state: 'inactive' },
  lapsed: { state: 'active', expiresAt: NOW },
  inactiveLapsed: { state: 'inactive', expiresAt: NOW },
  expired: { state: 'expired', expiresAt: NOW - 1 },
  compromised: { state: 'compromised' },
  deleted: { state: 'deleted' },
} as const satisfies Record<string, Partial<CredentialFacts>>;
type Kind = keyof typeof kinds;

let ids = 0;
const credential = (kind: Kind, more: Partial<CredentialFacts> = {}): CredentialFacts => ({
  id: `c${++ids}`,
  createdAt: 0,
  expiresAt: null,
  overlapEndsAt: null,
  revealedAt: null,
  ...kinds[kind],
  ...more,
});
const situation = (kind: Kind, others: readonly Kind[] = [], policy = POLICY) => ({
  credential: credential(kind),
  siblings: others.map((other) => credential(other)),
  policy,
  now: NOW,
});

const WRONG = 'WRONG_STATE';
const LAST = 'LAST_ACTIVE_CREDENTIAL';
const SLOT = 'INACTIVE_CREDENTIAL_EXISTS';
const LIMIT = 'CREDENTIAL_LIMIT_REACHED';
type Expected = 'ok' | RefusalCode;

/** Beside which others: the columns of the table below. */
const company: readonly (readonly Kind[])[] = [
  [],
  ['active'],
  ['overlapping'],
  ['inactive'],
  ['lapsed', 'expired', 'compromised', 'deleted'],
  ['active', 'inactive'],
];
const always = (expected: Expected): Expected[] => company.map(() => expected);
const reveal = always('ok');
const update = always('ok');
const compromise = always('ok');

const ofActive = {
  reveal,
  discard: [LAST, 'ok', LAST, LAST, LAST, SLOT],
  reactivate: always(WRONG),
  regenerate: ['ok', 'ok', SLOT, SLOT, 'ok', SLOT],
  compromise,
  update,
  delete: always(WRONG),
} as const satisfies Record<CredentialAction, readonly Expected[]>;
const ofInactive: Record<CredentialAction, readonly Expected[]> = {
  reveal,
  discard: always(WRONG),
  reactivate: always('ok'),
  regenerate: always(WRONG),
  compromise,
  update,
  delete: always('ok'),
};
const ofEnded: Record<CredentialAction, readonly Expected[]> = {
  reveal: always(WRONG),
  discard: always(WRONG),
  reactivate: always(WRONG),
  regenerate: always(WRONG),
  compromise: always(WRONG),
  update: always(WRONG),
  delete: always('ok'),
};

/** Every kind of credential, every action, every company. */
const table: Record<Kind, Record<CredentialAction, readonly Expected[]>> = {
  active: ofActive,
  expiring: ofActive,
  overlapping: { ...ofActive, regenerate: always(WRONG) },
  overlapEnded: ofInactive,
  inactive: ofInactive,
  lapsed: ofEnded,
  inactiveLapsed: ofEnded,
  expired: ofEnded,
  compromised: ofEnded,
  deleted: { ...ofEnded, delete: always(WRONG) },
};

describe('what may be done', () => {
  const cells = (Object.keys(table) as Kind[]).flatMap((kind) =>
    credentialActions.flatMap((action) =>
      company.map((others, index) => [action, kind, others, table[kind][action][index]!] as const),
    ),
  );

  it.each(cells)('the action %s on a credential that is %s beside %j: %s', (action, kind, others, expected) => {
    expect(refusalOf(action, situation(kind, others)) ?? 'ok').toBe(expected);
  });

  it('creating a credential stops at the limit of live ones, and only live ones count', () => {
    const policy = { ...POLICY, credentialsPerType: 2 };
    expect(refusalOf('regenerate', situation('active', ['active'], policy))).toBe(LIMIT);
    expect(refusalOf('regenerate', situation('active', ['lapsed', 'deleted', 'compromised'], policy))).toBeUndefined();
    const existing = (...present: Kind[]) => present.map((kind) => credential(kind));
    expect(refusalOfCreation(existing('active', 'inactive'), policy, NOW)).toBe(LIMIT);
    expect(refusalOfCreation(existing('active', 'overlapping'), policy, NOW)).toBe(LIMIT);
    expect(refusalOfCreation(existing('active', 'expired', 'lapsed'), policy, NOW)).toBeUndefined();
    expect(refusalOfCreation([], policy, NOW)).toBeUndefined();
  });

  it.each<[CredentialPolicy['reveal'], revealedAt: number | null, Expected]>([
    ['allowed', null, 'ok'],
    ['allowed', NOW - 1, 'ok'],
    ['once', null, 'ok'],
    ['once', NOW - 1, 'NOT_REVEALABLE'],
    ['never', null, 'NOT_REVEALABLE'],
    ['never', NOW - 1, 'NOT_REVEALABLE'],
  ])('revealing under `%s`, revealed before at %s: %s', (setting, revealedAt, expected) => {
    const decided = {
      ...situation('active', [], { ...POLICY, reveal: setting }),
      credential: credential('active', { revealedAt }),
    };
    expect(refusalOf('reveal', decided) ?? 'ok').toBe(expected);
  });
});

describe('what a client may offer', () => {
  it('a client may offer to discard each of two active credentials, and after that not the other one', () => {
    expect(offeredActions(situation('active', ['active']))).toEqual({
      allowedActions: ['reveal', 'discard', 'regenerate', 'compromise', 'update'],
      blockedActions: { reactivate: WRONG, delete: WRONG },
    });
    expect(offeredActions(situation('active', ['inactive'])).blockedActions).toEqual({
      discard: LAST,
      reactivate: WRONG,
      regenerate: SLOT,
      delete: WRONG,
    });
  });

  it.each(Object.keys(kinds) as Kind[])(
    'the actions on a credential that is %s are named once each, with a reason or without',
    (kind) => {
      const { allowedActions, blockedActions } = offeredActions(situation(kind, ['active']));
      const named = [...allowedActions, ...Object.keys(blockedActions)];
      expect(named.toSorted()).toEqual(credentialActions.toSorted());
    },
  );

  it('an action that the role forbids says so before any other reason', () => {
    const { allowedActions, blockedActions } = offeredActions(situation('active'), new Set(['discard', 'reveal']));
    expect(allowedActions).not.toContain('reveal');
    expect(blockedActions).toMatchObject({ discard: 'FORBIDDEN', reveal: 'FORBIDDEN' });
  });
});

describe('the two places that the rules count', () => {
  it.each<[Kind, lasting: boolean, occupies: boolean, live: boolean]>([
    ['active', true, false, true],
    ['expiring', true, false, true],
    ['overlapping', false, true, true],
    ['overlapEnded', false, true, true],
    ['inactive', false, true, true],
    ['lapsed', false, false, false],
    ['inactiveLapsed', false, false, false],
    ['expired', false, false, false],
    ['compromised', false, false, false],
    ['deleted', false, false, false],
  ])(
    'a credential that is %s: lasting active %s, takes the inactive place %s, live %s',
    (kind, lasting, occupies, live) => {
      const one = credential(kind);
      expect([isLastingActive(one, NOW), occupiesInactiveSlot(one, NOW), countLive([one], NOW) === 1]).toEqual([
        lasting,
        occupies,
        live,
      ]);
    },
  );
});

describe('the last active one', () => {
  it.each<[Kind, readonly Kind[], leavesNone: boolean]>([
    ['active', [], true],
    ['active', ['inactive', 'overlapping', 'lapsed', 'expired', 'compromised', 'deleted'], true],
    ['active', ['active'], false],
    ['active', ['expiring'], false],
    ['overlapping', [], false],
    ['inactive', [], false],
  ])('losing a credential that is %s beside %j leaves none active: %s', (kind, others, expected) => {
    expect(leavesNoneActive(situation(kind, others))).toBe(expected);
  });

  it('the last active credential of several that have expired is the one that expired last', () => {
    const early = credential('lapsed', { expiresAt: NOW - 10 });
    const late = credential('lapsed', { expiresAt: NOW - 5 });
    expect([expiredAsLast(early, [early, late], NOW), expiredAsLast(late, [early, late], NOW)]).toEqual([false, true]);
    expect(expiredAsLast(late, [late, credential('active')], NOW)).toBe(false);
    expect(expiredAsLast(late, [late, credential('overlapping'), credential('inactive')], NOW)).toBe(true);
    for (const kind of ['expired', 'inactiveLapsed', 'overlapping', 'active'] as const) {
      expect(expiredAsLast(credential(kind), [], NOW)).toBe(false);
    }
  });
});

describe('a successor', () => {
  it('a successor lasts as long as the credential that it replaces was meant to', () => {
    expect(successorExpiry({ createdAt: 100, expiresAt: 350 }, NOW)).toBe(NOW + 250);
    expect(successorExpiry({ createdAt: 100, expiresAt: null }, NOW)).toBeNull();
  });

  it.each([
    ['is valid for the default lifetime of the tenant', { credentialLifetimeDays: 365, expiryLeadDays: 14 }, 365],
    ['is valid for twice the lead time at least', { credentialLifetimeDays: 1, expiryLeadDays: 14 }, 28],
  ])('a successor that Chancery creates %s', (_, policy, days) => {
    expect(automaticSuccessorExpiry({ expiresAt: NOW + 1 }, policy, NOW)).toBe(NOW + days * DAY);
    expect(automaticSuccessorExpiry({ expiresAt: null }, policy, NOW)).toBeNull();
  });

  it('a successor counts as unused while no request has used it, and only where Chancery created it', () => {
    expect(isUnusedSuccessor({ succeededAutomaticallyAt: 1, lastUsedAt: null })).toBe(true);
    expect(isUnusedSuccessor({ succeededAutomaticallyAt: 1, lastUsedAt: 2 })).toBe(false);
    expect(isUnusedSuccessor({ succeededAutomaticallyAt: null, lastUsedAt: null })).toBe(false);
  });

  it('a successor is due the lead time before the expiry, but not in the first half of a lifetime', () => {
    expect(successorDueAt({ createdAt: 0, expiresAt: 1_000 }, 100)).toBe(900);
    expect(successorDueAt({ createdAt: 0, expiresAt: 1_000 }, 500)).toBe(500);
    expect(successorDueAt({ createdAt: 0, expiresAt: 1_000 }, 5_000)).toBe(500);
    expect(successorDueAt({ createdAt: 0, expiresAt: null }, 100)).toBe(Infinity);
  });
});

describe('the succession of a credential', () => {
  const due = {
    id: 'due',
    state: 'active' as const,
    createdAt: NOW - 2 * DAY,
    revealedAt: null,
    expiresAt: NOW + DAY,
    overlapEndsAt: null,
    replacedBy: null,
    succeededAutomaticallyAt: null,
    lastUsedAt: null,
    successionStoppedAt: null,
  };
  const lasting = { ...due, id: 'lasting', expiresAt: null };
  const settings = { onLastExpiry: 'successor', expiryLeadDays: 14 };
  const instants = { now: NOW, confirmed: NOW };

  it.each([
    ['comes before it expires as the last', due, [due], settings, instants, true],
    ['comes although another expires as soon', due, [due, { ...due, id: 'other' }], settings, instants, true],
    ['waits while another outlasts the lead', due, [due, lasting], settings, instants, false],
    ['waits for its lead', { ...due, expiresAt: 2 * NOW + 30 * DAY }, [], settings, instants, false],
    ['waits for a clock that is confirmed', due, [due], settings, { now: NOW, confirmed: NOW - DAY }, false],
    [
      'does not come where the tenant lets credentials lapse',
      due,
      [],
      { ...settings, onLastExpiry: 'lapse' },
      instants,
      false,
    ],
    ['does not come twice', { ...due, replacedBy: 'other' }, [], settings, instants, false],
    ['does not come in an overlap', { ...due, overlapEndsAt: NOW + 1 }, [], settings, instants, false],
    ['does not come after the expiry', { ...due, expiresAt: NOW }, [], settings, instants, false],
    [
      'is stopped for a successor that no request used',
      { ...due, succeededAutomaticallyAt: 1, successionStoppedAt: 2 },
      [],
      settings,
      instants,
      false,
    ],
    [
      'continues for one that was used since',
      { ...due, succeededAutomaticallyAt: 1, successionStoppedAt: 2, lastUsedAt: 3 },
      [],
      settings,
      instants,
      true,
    ],
  ])('the succession of a credential %s', (_, credential, siblings, by, at, expected) => {
    expect(isSuccessionDue(credential, siblings, by, at)).toBe(expected);
  });
});

describe('the deletion of an inactive credential', () => {
  it.each([
    ['follows its discard', { discardedAt: NOW, lastUsedAt: null, lastRefusedAt: null }, 7, NOW + 7 * DAY],
    ['follows a later use', { discardedAt: NOW, lastUsedAt: NOW + 5, lastRefusedAt: null }, 7, NOW + 5 + 7 * DAY],
    [
      'follows a later use that was rejected',
      { discardedAt: NOW, lastUsedAt: 1, lastRefusedAt: NOW + 9 },
      7,
      NOW + 9 + 7 * DAY,
    ],
    [
      'never comes where the tenant says 0 days',
      { discardedAt: NOW, lastUsedAt: null, lastRefusedAt: null },
      0,
      Infinity,
    ],
    [
      'never comes for one that is not discarded',
      { discardedAt: null, lastUsedAt: NOW, lastRefusedAt: null },
      7,
      Infinity,
    ],
  ])('the deletion of an inactive credential %s', (_, credential, days, due) => {
    expect(deletionDueAt(credential, days)).toBe(due);
  });
});
