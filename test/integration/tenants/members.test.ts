import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type Role, roles } from '#tenants';

import {
  type Installation,
  type TestTenant,
  addMember,
  createTenant,
  fresh,
  openInstallation,
} from '../../support/installation.js';

const ROUNDS = 10;

let installation: Installation;
let tenant: TestTenant;
beforeAll(async () => {
  installation = await openInstallation();
});
beforeEach(async () => {
  tenant = await createTenant(installation);
});
afterAll(() => installation.drop());

const newcomer = (role: Role) => ({ email: `${fresh('new')}@example.com`, role });
const rolesOf = async (of = tenant): Promise<Record<string, Role>> =>
  Object.fromEntries((await installation.members.list(of.owner, {})).items.map(({ userId, role }) => [userId, role]));

/** What an actor of each role gets from an attempt: `null` or the code of the refusal. */
const outcome = (attempt: Promise<unknown>): Promise<string | null> =>
  attempt.then(
    () => null,
    (error: { code: string }) => error.code,
  );

describe('members', () => {
  it.each<[Role, readonly Role[]]>([
    ['owner', roles],
    ['full_access', ['limited_access', 'auditor']],
    ['limited_access', []],
    ['auditor', []],
  ])('a member with the role %s invites as and promotes to %j and to nothing else', async (actorRole, grantable) => {
    const { scope } = await addMember(installation, tenant, actorRole);
    const { userId } = await addMember(installation, tenant, 'auditor');
    const { invitations, members } = installation;
    for (const role of roles) {
      const expected = grantable.includes(role) ? null : 'ROLE_NOT_GRANTABLE';
      expect(await outcome(invitations.create(scope, newcomer(role)))).toBe(expected);
      if (role !== 'owner') expect(await outcome(members.changeRole(scope, userId, role, undefined))).toBe(expected);
    }
  });

  it('owners cannot be changed by full access, nor members by a role that manages none', async () => {
    const { members } = installation;
    await addMember(installation, tenant, 'owner');
    const victim = await addMember(installation, tenant, 'auditor');
    const full = await addMember(installation, tenant, 'full_access');
    expect(await outcome(members.changeRole(full.scope, tenant.ownerId, 'auditor', undefined))).toBe(
      'ROLE_NOT_GRANTABLE',
    );
    expect(await outcome(members.remove(full.scope, tenant.ownerId))).toBe('ROLE_NOT_GRANTABLE');
    for (const role of ['limited_access', 'auditor'] as const) {
      const { scope } = await addMember(installation, tenant, role);
      expect(await outcome(members.remove(scope, victim.userId))).toBe('ROLE_NOT_GRANTABLE');
    }
    expect(await outcome(members.remove(full.scope, victim.userId))).toBe(null);
    expect(await rolesOf()).toMatchObject({ [tenant.ownerId]: 'owner' });
    expect(await rolesOf()).not.toHaveProperty(victim.userId);
  });

  it('members change on the version that was seen, and leave events', async () => {
    const { members, history } = installation;
    const { userId } = await addMember(installation, tenant, 'auditor');
    const changed = await members.changeRole(tenant.owner, userId, 'limited_access', [1]);
    expect(changed).toMatchObject({ userId, role: 'limited_access', version: 2, name: 'Member' });
    const stale = members.changeRole(tenant.owner, userId, 'full_access', [1]);
    expect(await outcome(stale)).toBe('PRECONDITION_FAILED');
    await members.remove(tenant.owner, userId);
    expect(await outcome(members.remove(tenant.owner, userId))).toBe('NOT_FOUND');
    const { items } = await history.list(tenant.owner, { targetId: userId, order: 'asc' }, {});
    expect(items).toMatchObject([
      { action: 'user.created' },
      { action: 'member.added', after: { role: 'auditor' } },
      { action: 'member.changed', before: { role: 'auditor' }, after: { role: 'limited_access' } },
      { action: 'member.removed', before: { role: 'limited_access' } },
    ]);
  });

  it('members of another tenant do not exist', async () => {
    const { members } = installation;
    const other = await createTenant(installation);
    const { userId } = await addMember(installation, other, 'auditor');
    expect(await outcome(members.changeRole(tenant.owner, userId, 'auditor', undefined))).toBe('NOT_FOUND');
    expect(await outcome(members.remove(tenant.owner, userId))).toBe('NOT_FOUND');
    expect(await rolesOf()).toEqual({ [tenant.ownerId]: 'owner' });
    expect(await rolesOf(other)).toMatchObject({ [userId]: 'auditor' });
  });

  it('members are listed with their names, page by page', async () => {
    for (let count = 0; count < 4; count += 1) await addMember(installation, tenant, 'auditor');
    const { members } = installation;
    const first = await members.list(tenant.owner, { limit: 3 });
    const second = await members.list(tenant.owner, { limit: 3, cursor: first.nextCursor ?? undefined });
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([3, 2, null]);
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['Owner', ...Array(4).fill('Member')]);
  });
});

describe('the last owner', () => {
  it('the last owner can be neither demoted nor removed, and may be made owner again', async () => {
    const { members } = installation;
    const { owner, ownerId } = tenant;
    expect(await outcome(members.changeRole(owner, ownerId, 'auditor', undefined))).toBe('LAST_OWNER');
    expect(await outcome(members.remove(owner, ownerId))).toBe('LAST_OWNER');
    expect(await outcome(members.changeRole(owner, ownerId, 'owner', undefined))).toBe(null);
    await addMember(installation, tenant, 'owner');
    expect(await outcome(members.remove(owner, ownerId))).toBe(null);
  });

  it.each(['demote', 'remove'] as const)(
    `the last owner is there after each of ${ROUNDS} rounds in which two owners %s each other at the same time`,
    async (action) => {
      const { members } = installation;
      for (let round = 0; round < ROUNDS; round += 1) {
        const duel = await createTenant(installation);
        const rival = await addMember(installation, duel, 'owner');
        const strike = (scope: typeof duel.owner, userId: string): Promise<unknown> =>
          action === 'demote' ? members.changeRole(scope, userId, 'auditor', undefined) : members.remove(scope, userId);
        const outcomes = await Promise.all([
          outcome(strike(duel.owner, rival.userId)),
          outcome(strike(rival.scope, duel.ownerId)),
        ]);
        expect(outcomes.toSorted()).toEqual(['LAST_OWNER', null].toSorted());
        expect(Object.values(await rolesOf(duel)).filter((role) => role === 'owner')).toHaveLength(1);
      }
    },
  );
});
