import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { INSTALLATION_ID, type PlatformScope, platformScope } from '#core';
import { normalizePassword, uuidv7 } from '#crypto';

import { Member, type User } from '../../../libs/tenants/entities.js';
import { withCode } from '../../support/errors.js';
import {
  type Installation,
  NOBODY,
  PASSWORD,
  WITHOUT_PROVIDER,
  type TestTenant,
  createTenant,
  fresh,
  openInstallation,
} from '../../support/installation.js';

// Mallory, who owns a tenant, makes an account with the address of Victoria, whom another tenant will invite.

const MALLORYS = 'the password that mallory chose';

let installation: Installation;
let mallory: TestTenant;
let employer: TestTenant;
let address: string;
/** The account that Mallory made. */
let planted: User;
beforeAll(async () => {
  installation = await openInstallation();
});
beforeEach(async () => {
  mallory = await createTenant(installation);
  employer = await createTenant(installation);
  address = `${fresh('victoria')}@example.com`;
  const { invitations } = installation;
  const { token } = await invitations.create(mallory.owner, { email: address, role: 'auditor' });
  ({ user: planted } = await invitations.acceptAsNew(
    NOBODY,
    token!.reveal(),
    {
      name: 'Victoria',
      password: MALLORYS,
    },
    WITHOUT_PROVIDER,
  ));
});
afterAll(() => installation.drop());

const asPlanted = (): PlatformScope =>
  platformScope({ ...installation.platform, actor: { type: 'user', id: planted.id, name: address } });
const invitationOfEmployer = async (): Promise<string> =>
  (await installation.invitations.create(employer.owner, { email: address, role: 'owner' })).token!.reveal();
const logIn = (password: string, tenant?: string) => installation.signIn(NOBODY, address, password, { tenant });
const refused = withCode('INVALID_CREDENTIALS');
const tenantsOf = async (userId: string): Promise<string[]> =>
  (await installation.sessions.memberships(installation.platform, userId)).map(({ tenantId }) => tenantId);

describe('an account that was made in advance with the address of another person', () => {
  it('such an account gets into the tenant that invites that person neither by the invitation nor by its token', async () => {
    const token = await invitationOfEmployer();
    expect(await tenantsOf(planted.id)).toEqual([mallory.id]);
    const taken = installation.invitations.acceptAs(asPlanted(), token);
    await expect(taken).rejects.toThrow(withCode('INVITATION_NOT_YOURS'));
    const scope = installation.access.tenantScope({ user: planted }, employer.id, 'tenant:read', asPlanted());
    await expect(scope).rejects.toThrow(withCode('NOT_FOUND'));
  });

  it('such an account is another one than that of the person, with another password', async () => {
    const token = await invitationOfEmployer();
    const { user } = await installation.invitations.acceptAsNew(
      NOBODY,
      token,
      { name: 'V', password: PASSWORD },
      WITHOUT_PROVIDER,
    );
    expect(user.id).not.toBe(planted.id);
    expect([await tenantsOf(user.id), await tenantsOf(planted.id)]).toEqual([[employer.id], [mallory.id]]);
    await logIn(PASSWORD, employer.slug);
    await logIn(PASSWORD, employer.id);
    await logIn(MALLORYS, mallory.slug);
    for (const [password, tenant] of [
      [MALLORYS, employer.slug],
      [PASSWORD, mallory.slug],
      [MALLORYS, 'no-such-tenant'],
      [MALLORYS, INSTALLATION_ID],
    ] as const) {
      await expect(logIn(password, tenant)).rejects.toThrow(refused);
    }
  });

  it('such an account does not become that of the person by a reset that its tenant starts', async () => {
    const { resets, invitations } = installation;
    const token = await invitationOfEmployer();
    const { user } = await invitations.acceptAsNew(NOBODY, token, { name: 'V', password: PASSWORD }, WITHOUT_PROVIDER);
    const started = resets.startForMember(mallory.owner, user.id, PASSWORD);
    await expect(started).rejects.toThrow(withCode('NOT_FOUND'));
    const own = await resets.startForMember(mallory.owner, planted.id, PASSWORD);
    await resets.complete(NOBODY, own.token!.reveal(), 'another password of mallory');
    await logIn(PASSWORD, employer.slug);
  });

  it('such an account is worth nothing to its maker once the person has proven the address', async () => {
    const { resets, platform, invitations } = installation;
    const before = await resets.startForMember(mallory.owner, planted.id, PASSWORD);
    const session = await logIn(MALLORYS);
    const { token } = await resets.start(platform, planted.id, 'verification', PASSWORD);
    await expect(resets.complete(NOBODY, before.token!.reveal(), MALLORYS)).rejects.toThrow(withCode('RESET_INVALID'));
    await resets.complete(NOBODY, token!.reveal(), PASSWORD);
    await expect(installation.sessions.identify(NOBODY, session.accessToken)).rejects.toThrow(refused);
    await expect(logIn(MALLORYS)).rejects.toThrow(refused);
    await logIn(PASSWORD);
    const after = resets.startForMember(mallory.owner, planted.id, PASSWORD);
    await expect(after).rejects.toThrow(withCode('ACCOUNT_NOT_OF_TENANT'));
    await invitations.acceptAs(asPlanted(), await invitationOfEmployer());
    expect(await tenantsOf(planted.id)).toEqual([mallory.id, employer.id]);
  });

  it('such an account takes no sign-in from the verified account with the same address', async () => {
    const { users, resets, platform, database, hasher } = installation;
    const passwordHash = await hasher.hash(normalizePassword('the password of the administrator'), 'admin');
    await database.platform(platform, (tx) =>
      users.create(tx, { email: address, name: 'Victoria', passwordHash, platformAdmin: true }),
    );
    await logIn('the password of the administrator');
    await expect(logIn(MALLORYS)).rejects.toThrow(refused);
    await logIn(MALLORYS, mallory.slug);
    const verification = resets.start(platform, planted.id, 'verification', PASSWORD);
    await expect(verification).rejects.toThrow(withCode('ADDRESS_TAKEN'));
  });

  it('such an account, from the time before invitations, has no right in the tenant that took it in', async () => {
    const { database, members, access, platform, history } = installation;
    await database.platform(platform, async (tx) => {
      tx.housekeeping('what the former version wrote');
      const times = { version: 1, createdAt: tx.now, updatedAt: tx.now };
      const row = { id: uuidv7(tx.now), userId: planted.id, tenantId: employer.id, role: 'owner' as const };
      await tx.insert(Member, { ...row, identityProviderId: null, ...times });
    });
    const scope = access.tenantScope({ user: planted }, employer.id, 'tenant:read', asPlanted());
    await expect(scope).rejects.toThrow(withCode('NOT_FOUND'));
    expect(await tenantsOf(planted.id)).toEqual([mallory.id]);
    const { items } = await members.list(employer.owner, {});
    expect(items.map(({ userId, admitted }) => [userId, admitted])).toContainEqual([planted.id, false]);
    // Who is not admitted is no owner that the tenant could do with.
    const last = members.remove(employer.owner, employer.ownerId);
    await expect(last).rejects.toThrow(withCode('LAST_OWNER'));
    await logIn(MALLORYS);
    const signIns = await history.list(employer.owner, { action: 'session.started', actor: planted.id }, {});
    expect(signIns.items).toEqual([]);
  });
});

describe('attempts on accounts of one address', () => {
  it('attempts are counted apart: an account elsewhere that the attacker knows resets no counter', async () => {
    const { user } = await installation.invitations.acceptAsNew(
      NOBODY,
      await invitationOfEmployer(),
      {
        name: 'V',
        password: PASSWORD,
      },
      WITHOUT_PROVIDER,
    );
    for (let guess = 0; guess < 5; guess += 1) {
      await expect(logIn('a guess', employer.slug)).rejects.toThrow(refused);
      await logIn(MALLORYS, mallory.slug);
    }
    await expect(logIn(PASSWORD, employer.slug)).rejects.toThrow(withCode('TOO_MANY_ATTEMPTS'));
    expect(user.knownIn).toBe(employer.id);
  });
});
