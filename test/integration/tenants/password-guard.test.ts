import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { auditEntities } from '#audit';
import { DAY, type DomainError, HOUR, MINUTE, type PlatformScope, SECOND } from '#core';
import { CpuQueue, PasswordHasher } from '#crypto';
import { Database } from '#database';
import { PasswordAttemptExpiry, PasswordGuard, tenantEntities } from '#tenants';

import {
  type Installation,
  PASSWORD,
  type TestTenant,
  createTenant,
  fresh,
  openInstallation,
} from '../../support/installation.js';
import { CHEAP_PASSWORDS } from '../../support/server.js';
import { recordEvents } from '../../support/history.js';

let installation: Installation;
let other: Database;
beforeAll(async () => {
  installation = await openInstallation();
  const entities = [...auditEntities, ...tenantEntities];
  other = await Database.open({ url: installation.url, entities, clock: installation.clock, recorder: recordEvents });
});
afterAll(async () => {
  await other.close();
  await installation.drop();
});

let tenant: TestTenant;
let account: string;
let storedHash: string;
beforeEach(async () => {
  tenant = await createTenant(installation);
  const owner = await installation.users.get(installation.platform, tenant.ownerId);
  account = owner.email;
  storedHash = owner.passwordHash;
});

const attempts = tenantEntities.find(({ name }) => name === 'PasswordAttempt')!;
let networks = 0;
/** A network from which nothing has come yet. */
const newNetwork = (): string => `198.18.${Math.floor(++networks / 200)}.${(networks % 200) + 1}`;
const OWN = '203.0.113.7';
const from = (sourceAddress: string): PlatformScope => ({
  ...installation.platform,
  actor: { type: 'system', id: 'log-in', name: 'log-in' },
  sourceAddress,
});

/** A guard of a process of its own, whose line of hashes can be held. */
function newGuard(database = installation.database) {
  const queue = new CpuQueue();
  const hasher = new PasswordHasher({ parameters: CHEAP_PASSWORDS, queue });
  const guard = new PasswordGuard(database, hasher);
  const outcomeOf = async (verify: Promise<boolean>): Promise<string> =>
    verify.then(
      (matches) => (matches ? 'OK' : 'WRONG'),
      ({ code }: DomainError) => code,
    );
  return {
    queue,
    hasher,
    guard,
    signIn: (
      address: string,
      password = 'wrong',
      as: { account: string; storedHash: string | undefined } = { account, storedHash },
    ) => outcomeOf(guard.verifySignIn(from(address), { ...as, password })),
    confirm: (sessionId: string, password = 'wrong') =>
      outcomeOf(guard.verifyStepUp(from(OWN), { sessionId, password, storedHash })),
    /** Keeps both places of the line, until `release` is called. */
    async hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const held = [1, 2].map(() => queue.run({ kind: 'password', group: 'holder', milliseconds: 1 }, () => promise));
      return async () => {
        resolve();
        await Promise.all(held);
      };
    },
  };
}
type Guard = ReturnType<typeof newGuard>;

async function repeat(count: number, attempt: () => Promise<string>): Promise<string[]> {
  const outcomes: string[] = [];
  for (let call = 0; call < count; call += 1) outcomes.push(await attempt());
  return outcomes;
}
const all = (count: number, outcome: string): string[] => Array.from({ length: count }, () => outcome);
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await yieldToEventLoop();
}

describe('failed sign-ins of strangers', () => {
  it('failed sign-ins of strangers lock the account for their network only', async () => {
    const guard = newGuard();
    const stranger = newNetwork();
    expect(await repeat(6, () => guard.signIn(stranger))).toEqual([...all(5, 'WRONG'), 'TOO_MANY_ATTEMPTS']);
    expect(await guard.signIn(stranger, PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
    expect(await guard.signIn(newNetwork(), PASSWORD)).toBe('OK');
  });

  it('failed sign-ins of strangers do not stop the owner from confirming with the password', async () => {
    const guard = newGuard();
    for (let network = 0; network < 3; network += 1) {
      const address = newNetwork();
      await repeat(6, () => guard.signIn(address));
    }
    expect(await guard.confirm(fresh('session'), PASSWORD)).toBe('OK');
  });

  it('failed sign-ins count an IPv6 /64 as one network, and an IPv4 address in each of its forms', async () => {
    const guard = newGuard();
    const hosts = ['2001:db8:7::1', '2001:db8:7::2', '2001:db8:7::3', '2001:db8:7::4', '2001:db8:7::5'];
    for (const host of hosts) expect(await guard.signIn(host)).toBe('WRONG');
    expect(await guard.signIn('2001:db8:7::6', PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
    expect(await guard.signIn('2001:db8:7:1::1', PASSWORD)).toBe('OK');
    await repeat(5, () => guard.signIn('203.0.113.99'));
    expect(await guard.signIn('::ffff:203.0.113.99', PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
  });

  it('failed sign-ins slow the account down after 100, but not for a network from which it was signed in to before', async () => {
    const guard = newGuard();
    expect(await guard.signIn(OWN, PASSWORD)).toBe('OK');
    for (let failure = 0; failure < 100; failure += 1) expect(await guard.signIn(newNetwork())).toBe('WRONG');
    expect(await guard.signIn(newNetwork(), PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
    expect(await guard.signIn(OWN, PASSWORD)).toBe('OK');
    installation.clock.advance(30 * SECOND);
    expect(await guard.signIn(newNetwork(), PASSWORD)).toBe('OK');
    // That was one failure less: the next one is the hundredth again.
    expect(await guard.signIn(newNetwork())).toBe('WRONG');
    expect(await guard.signIn(newNetwork(), PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
    // Failures from the known network count for the account as well, and lock that network like any other.
    expect(await repeat(6, () => guard.signIn(OWN))).toEqual([...all(5, 'WRONG'), 'TOO_MANY_ATTEMPTS']);
  });

  it('failed sign-ins have the same course for an account that does not exist', async () => {
    const guard = newGuard();
    const course = async (as: { account: string; storedHash: string | undefined }): Promise<unknown[]> => {
      const computed = guard.hasher.computed;
      const stranger = newNetwork();
      const outcomes = await repeat(7, () => guard.signIn(stranger, 'wrong', as));
      for (let failure = 0; failure < 96; failure += 1) outcomes.push(await guard.signIn(newNetwork(), 'wrong', as));
      return [outcomes, guard.hasher.computed - computed];
    };
    const known = await course({ account, storedHash });
    expect(await course({ account: `${fresh('unknown')}@example.com`, storedHash: undefined })).toEqual(known);
  });
});

describe('the reset of a password', () => {
  it('the reset of a password forgets the failures of every network, those of the account, and of no other account', async () => {
    const guard = newGuard();
    const [one, two] = [newNetwork(), newNetwork()];
    for (const network of [one, two]) await repeat(5, () => guard.signIn(network));
    for (let failure = 0; failure < 90; failure += 1) await guard.signIn(newNetwork());
    const other = { account: `${fresh('other')}@example.com`, storedHash };
    await repeat(5, () => guard.signIn(one, 'wrong', other));
    expect(await guard.signIn(newNetwork(), PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
    await installation.users.resetPassword(installation.platform, account, PASSWORD);
    for (const network of [one, two, newNetwork()]) expect(await guard.signIn(network, PASSWORD)).toBe('OK');
    expect(await guard.signIn(one, PASSWORD, other)).toBe('TOO_MANY_ATTEMPTS');
  });
});

describe('failed confirmations', () => {
  it('failed confirmations lock the session that they belong to, and neither another session nor the sign-in', async () => {
    const guard = newGuard();
    const [one, another] = [fresh('session'), fresh('session')];
    expect(await repeat(6, () => guard.confirm(one))).toEqual([...all(5, 'WRONG'), 'TOO_MANY_ATTEMPTS']);
    expect(await guard.confirm(one, PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
    expect(await guard.confirm(another, PASSWORD)).toBe('OK');
    expect(await guard.signIn(OWN, PASSWORD)).toBe('OK');
    installation.clock.advance(30 * SECOND);
    expect(await guard.confirm(one, PASSWORD)).toBe('OK');
    expect(await repeat(5, () => guard.confirm(one))).toEqual(all(5, 'WRONG'));
  });
});

describe('an attempt that is answered BUSY', () => {
  /** So many sign-ins of others that no further one may wait. */
  async function flood(guard: Guard): Promise<Promise<string>[]> {
    const waiting = Array.from({ length: 40 }, () =>
      guard.signIn(newNetwork(), 'wrong', { account: `${fresh('other')}@example.com`, storedHash: undefined }),
    );
    await until(() => guard.queue.waiting('password') === 40);
    return waiting;
  }

  it('an attempt that is answered BUSY is no failure: the right password is accepted as soon as there is room', async () => {
    const guard = newGuard();
    const release = await guard.hold();
    const waiting = await flood(guard);
    const stranger = newNetwork();
    expect(await repeat(20, () => guard.signIn(stranger))).toEqual(all(20, 'BUSY'));
    expect(await repeat(20, () => guard.signIn(stranger, PASSWORD))).toEqual(all(20, 'BUSY'));
    await release();
    expect(await Promise.all(waiting)).toEqual(all(40, 'WRONG'));
    expect(await repeat(4, () => guard.signIn(stranger))).toEqual(all(4, 'WRONG'));
    expect(await guard.signIn(stranger, PASSWORD)).toBe('OK');
  });

  it('an attempt that is answered BUSY leaves no row', async () => {
    const guard = newGuard();
    const count = () =>
      installation.database.readPlatform(installation.platform, async (view) => (await view.find(attempts)).length);
    const release = await guard.hold();
    const waiting = await flood(guard);
    const before = await count();
    await repeat(20, () => guard.signIn(newNetwork()));
    expect(await count()).toBe(before);
    await release();
    await Promise.all(waiting);
    // One for each account, one for each network of it.
    expect(await count()).toBe(before + 80);
  });

  it('a flood of strangers leaves places for networks that are known for the account, and for confirmations', async () => {
    const guard = newGuard();
    expect(await guard.signIn(OWN, PASSWORD)).toBe('OK');
    const release = await guard.hold();
    const waiting = await flood(guard);
    const own = [guard.signIn(OWN, PASSWORD), guard.confirm(fresh('session'), PASSWORD)];
    await until(() => guard.queue.waiting('password') === 42);
    await release();
    expect(await Promise.all(own)).toEqual(['OK', 'OK']);
    await Promise.all(waiting);
  });
});

describe('the right password among 500 wrong ones at the same time', () => {
  it('the right password among 500 wrong ones is accepted from a known network, and after BUSY from any other', async () => {
    const guard = newGuard();
    expect(await guard.signIn(OWN, PASSWORD)).toBe('OK');
    const wrong = Array.from({ length: 500 }, () => guard.signIn(newNetwork()));
    const elsewhere = newNetwork();
    const persistent = (async () => {
      for (;;) {
        const outcome = await guard.signIn(elsewhere, PASSWORD);
        if (outcome !== 'BUSY') return outcome;
        await yieldToEventLoop();
      }
    })();
    expect(await guard.signIn(OWN, PASSWORD)).toBe('OK');
    expect(await persistent).toBe('OK');
    const outcomes = await Promise.all(wrong);
    expect([...new Set(outcomes)].toSorted()).toEqual(['BUSY', 'WRONG']);
    expect(outcomes.filter((outcome) => outcome === 'WRONG').length).toBeLessThan(100);
  });

  it('200 guesses from one network compute 5 hashes, on two instances together', async () => {
    const guards = [newGuard(), newGuard(other)] as const;
    const stranger = newNetwork();
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => guards[index % 2 === 0 ? 0 : 1].signIn(stranger)),
    );
    expect(guards[0].hasher.computed + guards[1].hasher.computed).toBe(5);
    expect(outcomes.filter((outcome) => outcome === 'WRONG')).toHaveLength(5);
    for (const guard of guards) expect(await guard.signIn(stranger, PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
  });
});

describe('an attempt that fails by an error of the server', () => {
  it('an attempt that fails by an error of the server is no failure', async () => {
    const guard = newGuard();
    const broken = { account, storedHash: 'not a hash' };
    expect(await repeat(10, () => guard.signIn(OWN, PASSWORD, broken))).toEqual(all(10, 'PASSWORD_HASH_UNREADABLE'));
    expect(await repeat(4, () => guard.signIn(OWN))).toEqual(all(4, 'WRONG'));
    expect(await guard.signIn(OWN, PASSWORD)).toBe('OK');
  });
});

describe('counters of password attempts', () => {
  const rows = () => installation.database.readPlatform(installation.platform, (view) => view.find(attempts));

  it('counters of password attempts are removed a day after the last failure, and 30 days after the last success', async () => {
    const guard = newGuard();
    const expiry = new PasswordAttemptExpiry(installation.database);
    installation.clock.advance(31 * DAY);
    await expiry.recordDue(10_000);
    expect(await rows()).toEqual([]);
    await guard.signIn(newNetwork());
    await guard.signIn(OWN, PASSWORD);
    await guard.confirm(fresh('session'));
    // The account, the stranger's network, the owner's network and the session.
    expect(await rows()).toHaveLength(4);
    installation.clock.advance(24 * HOUR - MINUTE);
    await expiry.recordDue(10_000);
    expect(await rows()).toHaveLength(4);
    installation.clock.advance(2 * MINUTE);
    await expiry.recordDue(10_000);
    expect(await rows()).toMatchObject([{ failures: 0, succeededAt: expect.any(Number) }]);
    installation.clock.advance(29 * DAY);
    await expiry.recordDue(10_000);
    expect(await rows()).toEqual([]);
  });
});
