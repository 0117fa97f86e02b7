import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { MINUTE, type PlatformScope, platformScope } from '#core';
import { EndedInvitations, INVITATION_TTL, InvitationExpiry, type Role } from '#tenants';

import { withCode } from '../../support/errors.js';
import {
  type Installation,
  NOBODY,
  PASSWORD,
  WITHOUT_PROVIDER,
  type TestTenant,
  addMember,
  createTenant,
  fresh,
  openInstallation,
} from '../../support/installation.js';

const RACERS = 8;

let installation: Installation;
let tenant: TestTenant;
let email: string;
beforeAll(async () => {
  installation = await openInstallation();
});
beforeEach(async () => {
  tenant = await createTenant(installation);
  email = `${fresh('invited')}@example.com`;
});
afterAll(() => installation.drop());

const account = { name: 'Invited', password: PASSWORD };
const invite = async (role: Role = 'auditor', { owner } = tenant): Promise<string> =>
  (await installation.invitations.create(owner, { email, role })).token!.reveal();
const accept = (token: string) => installation.invitations.acceptAsNew(NOBODY, token, account, WITHOUT_PROVIDER);
const invalid = withCode('INVITATION_INVALID');
const statesIn = async (): Promise<string[]> =>
  (await installation.invitations.list(tenant.owner, {})).items.map(({ stateNow }) => stateNow);
/** The scope of a signed-in user. */
const signedInAs = (userId: string): PlatformScope =>
  platformScope({ ...installation.platform, actor: { type: 'user', id: userId, name: userId } });

describe('an invitation', () => {
  it('an invitation is accepted once, by the person who chooses a password with it, and makes a member with its role', async () => {
    const token = await invite('limited_access');
    const { user, role } = await accept(token);
    expect([user.email, user.knownIn, user.emailVerifiedAt, role]).toEqual([email, tenant.id, null, 'limited_access']);
    await installation.signIn(NOBODY, email, PASSWORD);
    await expect(accept(token)).rejects.toThrow(invalid);
    expect(await statesIn()).toEqual(['accepted']);
    const { items } = await installation.history.list(tenant.owner, { order: 'desc' }, { limit: 4 });
    expect(items.map(({ action }) => action).toSorted()).toEqual([
      'invitation.accepted',
      'member.added',
      'session.started',
      'user.created',
    ]);
    expect(JSON.stringify(items)).not.toContain(token);
  });

  it('an invitation is accepted by one of several who use its token at the same time', async () => {
    const token = await invite();
    const outcomes = await Promise.allSettled(Array.from({ length: RACERS }, () => accept(token)));
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals.map(({ code }: { code: string }) => code)).toEqual(Array(RACERS - 1).fill('INVITATION_INVALID'));
  });

  it('an invitation cannot be accepted after seven days, and its expiry is recorded', async () => {
    const token = await invite();
    installation.clock.advance(INVITATION_TTL);
    await expect(accept(token)).rejects.toThrow(invalid);
    expect(await statesIn()).toEqual(['expired']);
    await new InvitationExpiry(installation.database).recordDue(100);
    const { items } = await installation.history.list(tenant.owner, { action: 'invitation.expired' }, {});
    expect(items).toMatchObject([{ actor: { type: 'system' }, details: { email } }]);
    installation.clock.advance(90 * 24 * 60 * MINUTE);
    await new EndedInvitations(installation.database).recordDue(100);
    expect(await statesIn()).toEqual([]);
  });

  it('an invitation that is made again, resent or withdrawn ends the token before', async () => {
    const { invitations } = installation;
    const first = await invite();
    const second = await invite();
    await expect(accept(first)).rejects.toThrow(invalid);
    const [pending] = (await invitations.list(tenant.owner, {})).items;
    const third = (await invitations.resend(tenant.owner, pending!.id)).token!.reveal();
    await expect(accept(second)).rejects.toThrow(invalid);
    await invitations.withdraw(tenant.owner, pending!.id);
    await expect(accept(third)).rejects.toThrow(invalid);
    await expect(invitations.withdraw(tenant.owner, pending!.id)).rejects.toThrow(withCode('WRONG_STATE'));
    await expect(invitations.resend(tenant.owner, pending!.id)).rejects.toThrow(withCode('WRONG_STATE'));
    expect(await statesIn()).toEqual(['withdrawn', 'withdrawn']);
  });

  it.each([
    ['was removed', (userId: string) => installation.members.remove(tenant.owner, userId)],
    ['was demoted', (userId: string) => installation.members.changeRole(tenant.owner, userId, 'auditor', undefined)],
  ])('an invitation by a member who %s since then cannot be accepted', async (_, withdraw) => {
    const inviter = await addMember(installation, tenant, 'full_access');
    const token = await invite('auditor', { ...tenant, owner: inviter.scope });
    await withdraw(inviter.userId);
    await expect(accept(token)).rejects.toThrow(invalid);
  });

  it('an invitation by a member who was removed and invited again cannot be accepted', async () => {
    const { invitations, members } = installation;
    const inviter = await addMember(installation, tenant, 'full_access');
    const token = await invite('auditor', { ...tenant, owner: inviter.scope });
    await members.remove(tenant.owner, inviter.userId);
    const again = await invitations.create(tenant.owner, { email: inviter.email, role: 'full_access' });
    await invitations.acceptAs(signedInAs(inviter.userId), again.token!.reveal());
    await expect(accept(token)).rejects.toThrow(invalid);
  });

  it('an invitation to a tenant that is suspended or deleted cannot be accepted', async () => {
    const { tenants, platform } = installation;
    const token = await invite();
    await tenants.suspend(platform, tenant.id);
    await expect(accept(token)).rejects.toThrow(withCode('TENANT_SUSPENDED'));
    await tenants.delete(platform, tenant.id, { password: PASSWORD, confirm: tenant.slug });
    await expect(accept(token)).rejects.toThrow(invalid);
  });

  it('an invitation of a member, in any spelling of the address, is rejected', async () => {
    const member = await addMember(installation, tenant, 'auditor');
    const again = installation.invitations.create(tenant.owner, {
      email: ` ${member.email.toUpperCase()}`,
      role: 'auditor',
    });
    await expect(again).rejects.toThrow(withCode('ALREADY_MEMBER'));
  });

  it('an invitation is accepted with the account that the tenant knows from before, and with no new one', async () => {
    const { invitations, members } = installation;
    const { userId, email: known } = await addMember(installation, tenant, 'auditor');
    await members.remove(tenant.owner, userId);
    email = known;
    const token = await invite();
    await expect(accept(token)).rejects.toThrow(withCode('ACCOUNT_EXISTS'));
    const { user } = await invitations.acceptAs(signedInAs(userId), token);
    expect(user.id).toBe(userId);
  });

  it('an invitation is not accepted by another user', async () => {
    const other = await addMember(installation, tenant, 'auditor');
    const token = await invite();
    const taken = installation.invitations.acceptAs(signedInAs(other.userId), token);
    await expect(taken).rejects.toThrow(withCode('INVITATION_NOT_YOURS'));
    await accept(token);
  });

  it.each(['', 'cinv_', 'x'.repeat(54), 'cinv_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6'])(
    'an invitation is not accepted by the token %j',
    async (token) => {
      await expect(accept(token)).rejects.toThrow(invalid);
    },
  );
});
