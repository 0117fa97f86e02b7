import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { withCode } from '../../support/errors.js';
import {
  type Installation,
  PASSWORD,
  WITHOUT_PROVIDER,
  type TestTenant,
  NOBODY,
  addMember,
  createTenant,
  fresh,
  openInstallation,
} from '../../support/installation.js';

let installation: Installation;
let tenant: TestTenant;
beforeAll(async () => {
  installation = await openInstallation();
});
beforeEach(async () => {
  tenant = await createTenant(installation);
});
afterAll(() => installation.drop());

const owner = () => ({ email: `${fresh('owner')}@example.com`, name: 'Owner', password: PASSWORD });
const actions = async (scope: Parameters<Installation['history']['list']>[0], targetId?: string): Promise<string[]> =>
  (await installation.history.list(scope, { targetId, order: 'asc' }, {})).items.map(({ action }) => action);

describe('a tenant', () => {
  it('a tenant begins with an owner, a data key and a history of its own', async () => {
    const { tenants, members, vault, database, platform } = installation;
    expect(await tenants.get(tenant.owner)).toMatchObject({
      slug: tenant.slug,
      state: 'active',
      settings: {},
      version: 1,
      deletedAt: null,
    });
    expect((await members.list(tenant.owner, {})).items).toMatchObject([{ userId: tenant.ownerId, role: 'owner' }]);
    const place = { tenantId: tenant.id, purpose: 'test', recordId: 'r', column: 'c' };
    await database.readPlatform(platform, async (view) => {
      const blob = await vault.seal(view, place, Buffer.from('value'));
      expect((await vault.open(view, place, blob)).toString()).toBe('value');
    });
    expect(await actions(tenant.owner)).toEqual(['tenant.created', 'member.added']);
    expect(await actions(platform, tenant.id)).toEqual(['tenant.created']);
    expect(await actions(platform, tenant.ownerId)).toEqual(['user.created']);
  });

  it('a tenant is rejected with a slug that is taken, also that of a deleted one, and leaves nothing behind', async () => {
    const { tenants, platform, signIn } = installation;
    const refused = owner();
    const again = { slug: tenant.slug, name: 'Again', owner: refused };
    await expect(tenants.create(platform, again)).rejects.toThrow(withCode('SLUG_TAKEN'));
    await tenants.delete(platform, tenant.id, { password: PASSWORD, confirm: tenant.slug });
    await expect(tenants.create(platform, again)).rejects.toThrow(withCode('SLUG_TAKEN'));
    const login = signIn(platform, refused.email, PASSWORD);
    await expect(login).rejects.toThrow(withCode('INVALID_CREDENTIALS'));
  });

  it('the slug of a tenant goes to one of several that ask for it at the same time', async () => {
    const slug = fresh('contested');
    const create = () => installation.tenants.create(installation.platform, { slug, name: slug, owner: owner() });
    const outcomes = await Promise.allSettled([create(), create(), create(), create()]);
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals.map(({ code }: { code: string }) => code)).toEqual(Array(3).fill('SLUG_TAKEN'));
  });

  it('a tenant gets an owner with an account of its own, whichever account has the same address elsewhere, but for a verified one', async () => {
    const { tenants, members, platform, users } = installation;
    const { email } = await users.get(platform, tenant.ownerId);
    const second = (address: string, password = PASSWORD) =>
      tenants.create(platform, { slug: fresh('second'), name: 'S', owner: { email: address, name: 'X', password } });
    const { id } = await second(email.toUpperCase());
    const [owner] = (await members.list({ ...platform, tenantId: id }, {})).items;
    expect(owner).toMatchObject({ email, name: 'X', role: 'owner', emailVerified: false, admitted: true });
    expect(owner!.userId).not.toBe(tenant.ownerId);
    await expect(second('admin@example.com')).rejects.toThrow(withCode('USER_EXISTS'));
    await expect(second('new@example.com', 'short')).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ pointer: '/owner/password' }],
    });
  });

  it('a tenant that has no owner gets one by invitation, and no second one from the platform', async () => {
    const { tenants, invitations, members, platform } = installation;
    const { id } = await tenants.create(platform, { slug: fresh('empty'), name: 'Empty' });
    const { token } = await invitations.inviteOwner(platform, id, 'first@example.com');
    await invitations.acceptAsNew(NOBODY, token!.reveal(), { name: 'First', password: PASSWORD }, WITHOUT_PROVIDER);
    expect((await members.list({ ...platform, tenantId: id }, {})).items).toMatchObject([{ role: 'owner' }]);
    const again = invitations.inviteOwner(platform, id, 'second@example.com');
    await expect(again).rejects.toThrow(withCode('TENANT_HAS_OWNER'));
  });

  it('a tenant changes its name and single settings, and answers what is stored', async () => {
    const { tenants } = installation;
    await tenants.change(tenant.owner, { settings: { reveal: 'once' } }, undefined);
    const changed = await tenants.change(tenant.owner, { name: 'New', settings: { keyDeletionDays: 0 } }, [2]);
    expect(changed).toMatchObject({ name: 'New', settings: { reveal: 'once', keyDeletionDays: 0 }, version: 3 });
    expect(changed).toEqual(await tenants.get(tenant.owner));
    const [event] = (await installation.history.list(tenant.owner, { action: 'tenant.changed' }, {})).items;
    expect(event).toMatchObject({
      before: { name: tenant.slug, settings: { reveal: 'once' } },
      after: { name: 'New', settings: { reveal: 'once', keyDeletionDays: 0 } },
    });
  });

  it('a tenant rejects a change on an old version and a setting out of bounds, and changes nothing', async () => {
    const { tenants } = installation;
    const before = await tenants.change(tenant.owner, { name: 'New' }, [1]);
    await expect(tenants.change(tenant.owner, { name: 'X' }, [1])).rejects.toThrow(withCode('PRECONDITION_FAILED'));
    const outOfBounds = tenants.change(tenant.owner, { name: 'X', settings: { reveal: 'x' } }, undefined);
    await expect(outOfBounds).rejects.toThrow(withCode('VALIDATION_ERROR'));
    expect(await tenants.get(tenant.owner)).toEqual(before);
  });

  it('a tenant keeps its version, and so its ETag, when something else raises its configVersion', async () => {
    const { tenants } = installation;
    const before = await tenants.get(tenant.owner);
    await addMember(installation, tenant, 'auditor');
    const after = await tenants.get(tenant.owner);
    expect([after.version, after.configVersion]).toEqual([before.version, before.configVersion + 1]);
  });

  it('a tenant is suspended and reactivated, each once and each recorded in both histories', async () => {
    const { tenants, platform } = installation;
    const before = await tenants.get(tenant.owner);
    expect(await tenants.suspend(platform, tenant.id)).toMatchObject({ state: 'suspended' });
    await expect(tenants.suspend(platform, tenant.id)).rejects.toThrow(withCode('WRONG_STATE'));
    expect(await tenants.reactivate(platform, tenant.id)).toMatchObject({ state: 'active' });
    await expect(tenants.reactivate(platform, tenant.id)).rejects.toThrow(withCode('WRONG_STATE'));
    expect((await tenants.get(tenant.owner)).configVersion).toBe(before.configVersion + 2);
    const told = ['tenant.created', 'tenant.suspended', 'tenant.reactivated'];
    expect(await actions(tenant.owner, tenant.id)).toEqual(told);
    expect(await actions(platform, tenant.id)).toEqual(told);
    const unknown = tenants.suspend(platform, platform.actor.id);
    await expect(unknown).rejects.toThrow(withCode('NOT_FOUND'));
  });

  it('a tenant is deleted with the password and its slug only; then its secrets are gone and its history stays', async () => {
    const { tenants, platform, vault, database } = installation;
    const place = { tenantId: tenant.id, purpose: 'test', recordId: 'r', column: 'c' };
    const blob = await database.readPlatform(platform, (view) => vault.seal(view, place, Buffer.from('value')));
    const remove = (password: string | undefined, confirm = tenant.slug) =>
      tenants.delete(platform, tenant.id, { password, confirm });
    await expect(remove(PASSWORD, 'other')).rejects.toThrow(withCode('CONFIRMATION_MISMATCH'));
    await expect(remove(undefined)).rejects.toThrow(withCode('PASSWORD_REQUIRED'));
    await expect(remove('wrong')).rejects.toThrow(withCode('PASSWORD_INVALID'));
    expect((await tenants.get(tenant.owner)).state).toBe('active');

    await remove(PASSWORD);
    const opening = database.readPlatform(platform, (view) => vault.open(view, place, blob));
    await expect(opening).rejects.toThrow(withCode('SEALED'));
    await expect(remove(PASSWORD)).rejects.toThrow(withCode('WRONG_STATE'));
    expect(await actions(tenant.owner, tenant.id)).toEqual(['tenant.created', 'tenant.deleted']);
    expect((await tenants.list(platform, { limit: 200 })).items.map(({ id }) => id)).not.toContain(tenant.id);
  });

  it('a tenant is listed page by page, oldest first', async () => {
    const { tenants, platform } = installation;
    const more = [tenant.id, (await createTenant(installation)).id, (await createTenant(installation)).id];
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await tenants.list(platform, { limit: 2, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(seen.toSorted());
    expect(seen.slice(-3)).toEqual(more);
  });
});

describe('access to a tenant', () => {
  const scopeFor = async (userId: string, name: string, permission = 'keys:read' as const) => {
    const { access, users, platform } = installation;
    const user = await users.get(platform, userId);
    return access.tenantScope({ user }, name, permission, platform);
  };

  it('access to a tenant is found by id and by slug, and carries the role', async () => {
    for (const name of [tenant.id, tenant.slug]) {
      expect(await scopeFor(tenant.ownerId, name)).toMatchObject({ tenantId: tenant.id, actor: { role: 'owner' } });
    }
  });

  it('access to a tenant is rejected in the same way where it does not exist and where the user is no member', async () => {
    const other = await createTenant(installation);
    for (const name of [other.id, other.slug, fresh('absent'), installation.platform.actor.id, '', '%']) {
      await expect(scopeFor(tenant.ownerId, name)).rejects.toThrow(withCode('NOT_FOUND'));
    }
    await expect(scopeFor(installation.platform.actor.id, tenant.id)).rejects.toThrow(withCode('NOT_FOUND'));
  });

  it('access to a tenant ends with the suspension and the deletion of the tenant', async () => {
    const { tenants, platform, access, users } = installation;
    await tenants.suspend(platform, tenant.id);
    await expect(scopeFor(tenant.ownerId, tenant.id)).rejects.toThrow(withCode('TENANT_SUSPENDED'));
    const admin = { user: await users.get(platform, platform.actor.id) };
    expect(await access.tenantScope(admin, tenant.id, 'tenant:read', platform)).toMatchObject({
      actor: { role: 'platform_admin' },
    });
    await tenants.delete(platform, tenant.id, { password: PASSWORD, confirm: tenant.slug });
    await expect(scopeFor(tenant.ownerId, tenant.slug)).rejects.toThrow(withCode('NOT_FOUND'));
    await expect(access.tenantId(platform, tenant.slug)).rejects.toThrow(withCode('NOT_FOUND'));
  });

  it('access to a tenant takes the permission, and platform work takes a platform administrator', async () => {
    const { access, users, platform } = installation;
    const auditor = await addMember(installation, tenant, 'auditor');
    const user = await users.get(platform, auditor.userId);
    const refused = access.tenantScope({ user }, tenant.id, 'keys:write', platform);
    await expect(refused).rejects.toThrow(withCode('FORBIDDEN'));
    expect(() => access.platformScope({ user }, 'tenants:manage', platform)).toThrow(withCode('FORBIDDEN'));
    expect(() => access.platformScope({ user }, 'keys:write', platform)).toThrow(withCode('FORBIDDEN'));
    expect(access.platformScope({ user }, 'session:self', platform).actor).toEqual(platform.actor);
  });
});
