import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, HOUR, MINUTE, ManualClock, SECOND, toRfc3339 } from '#core';

import { type ScriptedProvider, startScriptedProvider } from '../../support/identity-provider.js';
import {
  type Answer,
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createAuthority } from '../certificates/pki.js';
import { createIssuer, createKey, createProfile, createService } from '../signing/issuer.js';
import { REACHABLE } from './company.js';
import { eraseOld } from './old-events.js';
import { signIn } from './people.js';
import { changesOf, randomNumbers } from './random-changes.js';

const STEPS = 160;
const SNAPSHOT_EVERY = 40;
/** After so many steps the events of more than a year ago are erased. */
const ERASED_AT = 100;
const SEED = 9;

const MEMBER_ACTIONS = 'member.added,member.changed,member.removed';

const KINDS = ['services', 'credentials', 'trusts', 'keys', 'tokenProfiles', 'certificates', 'members'] as const;
type Things = Readonly<Record<(typeof KINDS)[number], readonly Shape[]>> & { readonly tenant: Shape };

let server: TestServer;
let company: ScriptedProvider;
let tenant: TestTenant;
/** The settings of a tenant that has set none. */
let defaults: Shape;
beforeAll(async () => {
  [server, company] = await Promise.all([
    startTestServer({ clock: new ManualClock(), environment: REACHABLE }),
    startScriptedProvider(),
  ]);
  tenant = await createTenant(server, 'past');
  defaults = (await server.get(tenant.path, tenant.owner)).body['settings'] as unknown as Shape;
});
afterAll(async () => {
  await Promise.all([server.close(), company.close()]);
});

/** The owner with a session that has not ended: days pass in these tests. */
const owner = async ({ owner: { email } }: TestTenant): Promise<Call> => ({
  token: await server.login(email, PASSWORD),
});
const itemsOf = ({ body }: Answer): Shape[] => body['items'] as unknown as Shape[];
const byId = (items: readonly Shape[]): Shape[] => items.toSorted((one, other) => (one['id']! < other['id']! ? -1 : 1));
const pick = (shape: Shape, members: readonly string[]): Shape =>
  Object.fromEntries(members.map((member) => [member, shape[member]])) as Shape;

/** All that a list has. */
async function all(path: string, call: Call): Promise<Shape[]> {
  const found: Shape[] = [];
  for (let cursor = ''; ;) {
    const page = await server.get(`${path}${path.includes('?') ? '&' : '?'}limit=7${cursor}`, call);
    found.push(...itemsOf(page));
    if ((page.body['nextCursor'] as unknown) === null) return found;
    cursor = `&cursor=${page.body['nextCursor']}`;
  }
}

const MEMBERS = {
  services: ['id', 'state', 'name', 'description', 'profiles', 'allowedCidrs', 'contacts'],
  credentials: [
    'id',
    'state',
    'serviceId',
    'authType',
    'name',
    'fingerprint',
    'createdAt',
    'expiresAt',
    'overlapEndsAt',
    'discardedAt',
  ],
  trusts: ['id', 'serviceId', 'name', 'issuer', 'audience', 'subject', 'claims', 'ttlSeconds', 'singleUse'],
  keys: ['id', 'state', 'name', 'algorithm', 'exportable', 'rotateEverySeconds', 'contacts', 'destroysAt'],
  versions: ['kid', 'number', 'state', 'activatesAt', 'retiresAt', 'retiredAt'],
  tokenProfiles: [
    'id',
    'name',
    'format',
    'formatVersion',
    'keyId',
    'certificateKid',
    'issuer',
    'audience',
    'ttlSeconds',
    'maxTtlSeconds',
    'skewSeconds',
    'fixedClaims',
    'allowedClaims',
    'requiredClaims',
    'settings',
  ],
  certificates: [
    'kid',
    'state',
    'serialNumber',
    'subject',
    'caId',
    'serviceId',
    'notAfter',
    'revokedAt',
    'revocationReason',
  ],
  members: ['id', 'email', 'role'],
} as const;

/**
 * The versions that are compared. One that has nothing left to verify is destroyed by the clock in the tables, and in what is
 * rebuilt from the event that says so: which tokens it signed is not read.
 */
const versionsShown = (key: Shape, now: number): Shape[] =>
  (key['versions'] as unknown as Shape[]).filter(
    ({ state, retiredAt, retiresAt }) =>
      state !== 'destroyed' && !(state === 'retired' && Date.parse(retiredAt ?? retiresAt!) + 15 * MINUTE <= now),
  );

/** What the tables say now, as the API shows it. */
async function present({ path }: TestTenant, call: Call): Promise<Things> {
  const keys: Shape[] = [];
  for (const { id } of await all(`${path}/keys`, call)) {
    const { body } = await server.get(`${path}/keys/${id}`, call);
    const versions = versionsShown(body, server.clock.now())
      .map((version) => pick(version, MEMBERS.versions))
      .toSorted((one, other) => one['number']! - other['number']!);
    if (body['state'] !== 'destroyed') keys.push({ ...pick(body, MEMBERS.keys), versions } as unknown as Shape);
  }
  const members = (await all(`${path}/members`, call)).map((member) => ({ ...member, id: member['userId']! }));
  const trusts: Shape[] = [];
  for (const { id } of await all(`${path}/services`, call))
    trusts.push(...(await all(`${path}/services/${id}/trusts`, call)));
  const profileShape = (profile: Shape): Shape => ({ ...profile, formatVersion: profile['version']! });
  const tenantShape = pick((await server.get(path, call)).body, ['id', 'name', 'state', 'settings']);
  const serviceShape = (service: Shape): Shape => ({ ...service, state: 'active' }) as unknown as Shape;
  return {
    services: (await all(`${path}/services`, call)).map(serviceShape).map((one) => pick(one, MEMBERS.services)),
    credentials: (await all(`${path}/credentials`, call))
      .filter(({ state }) => state !== 'deleted')
      .map((one) => pick(one, MEMBERS.credentials)),
    trusts: trusts.map((one) => pick(one, MEMBERS.trusts)),
    keys,
    tokenProfiles: (await all(`${path}/token-profiles`, call)).map((one) =>
      pick(profileShape(one), MEMBERS.tokenProfiles),
    ),
    certificates: (await all(`${path}/certificates`, call)).map((one) => pick(one, MEMBERS.certificates)),
    members: members.map((one) => pick(one as unknown as Shape, MEMBERS.members)),
    tenant: tenantShape,
  };
}

/** What the history says of an instant. */
async function past({ path }: TestTenant, call: Call, at?: number): Promise<Things> {
  const found: Record<string, Shape[]> = {};
  let shown: Shape = {};
  for (const kind of KINDS) {
    found[kind] = [];
    for (let cursor = ''; ;) {
      const instant = at === undefined ? '' : `&at=${toRfc3339(at)}`;
      const answer = await server.get(`${path}/as-of?kind=${kind}&limit=7${instant}${cursor}`, call);
      expect(answer).toMatchObject({ status: 200 });
      shown = answer.body['tenant'] as unknown as Shape;
      const page = answer.body[kind]! as unknown as { items: Shape[]; nextCursor: string | null };
      const withVersions = (one: Shape) =>
        kind === 'keys' ? { versions: versionsShown(one, at ?? server.clock.now()) as unknown as Shape } : {};
      found[kind].push(...page.items.map((one) => ({ ...pick(one, MEMBERS[kind]), ...withVersions(one) }) as Shape));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
  }
  // What a tenant has not set itself has its default.
  const settings = { ...defaults, ...(shown['settings'] as unknown as Shape) } as unknown as string;
  return { ...(found as unknown as Things), tenant: { ...shown, settings } as unknown as Shape };
}

const hasProvider = (details: unknown): boolean =>
  (details as { identityProviderId?: unknown } | null)?.identityProviderId !== undefined;
const sorted = (things: Things): Things => ({
  ...things,
  ...Object.fromEntries(
    KINDS.map((kind) => [kind, kind === 'certificates' ? byKid(things[kind]) : byId(things[kind])]),
  ),
});

const byKid = (items: readonly Shape[]): Shape[] =>
  items.toSorted((one, other) => (one['kid']! < other['kid']! ? -1 : 1));

describe('what a tenant had at an instant', () => {
  it('what a tenant had is rebuilt from its history as the tables had it, after random changes', async () => {
    const below = randomNumbers(SEED);
    let call = await owner(tenant);
    await createAuthority(server, { ...tenant, owner: { ...tenant.owner, token: call.token! } });
    const changes = changesOf({ server, company }, tenant, () => call, below);
    const snapshots: { readonly at: number; readonly things: Things }[] = [];
    for (let step = 1; step <= STEPS; step += 1) {
      await changes[below(changes.length)]!();
      if (below(8) === 0) {
        await server.setTime(server.clock.now() + [SECOND, MINUTE, HOUR, 20 * HOUR][below(4)]!);
        call = await owner(tenant);
        if (below(2) === 0) await server.runScheduler();
      }
      if (step === ERASED_AT) {
        for (const { at, things } of snapshots)
          expect([at, sorted(await past(tenant, call, at))]).toEqual([at, things]);
        await eraseOld(server, tenant, await owner(tenant));
        call = await owner(tenant);
        const { at } = snapshots.splice(0).at(-1)!;
        const erased = await server.get(`${tenant.path}/as-of?at=${toRfc3339(at)}`, call);
        expect(erased).toMatchObject({ status: 410, body: { code: 'HISTORY_ERASED', erasedBefore: 256 } });
        expect(sorted(await past(tenant, call))).toEqual(sorted(await present(tenant, call)));
      }
      if (step % SNAPSHOT_EVERY > 0) continue;
      snapshots.push({ at: server.clock.now(), things: sorted(await present(tenant, call)) });
      await server.setTime(server.clock.now() + 1);
    }
    expect(KINDS.filter((kind) => snapshots.at(-1)!.things[kind].length === 0)).toEqual([]);
    // Groups at the identity provider made members, changed their roles and removed them.
    const byGroups = itemsOf(await server.get(`${tenant.path}/audit-events?limit=200&action=${MEMBER_ACTIONS}`, call));
    const actions = byGroups.flatMap(({ action, details }) => (hasProvider(details) ? [action] : []));
    expect(new Set(actions)).toEqual(new Set(MEMBER_ACTIONS.split(',')));
    expect(sorted(await past(tenant, call))).toEqual(sorted(await present(tenant, call)));
    for (const { at, things } of snapshots) expect([at, sorted(await past(tenant, call, at))]).toEqual([at, things]);
  });

  it('what is under way is rebuilt, too: overlaps, staged versions and those that are withdrawn before they sign', async () => {
    const other = await createTenant(server, 'under-way');
    let call = await owner(other);
    const { id } = await createService(server, other);
    const credentials = itemsOf(await server.get(`${other.path}/services/${id}/credentials`, call));
    const { keyId } = await createKey(server, other, 'ES256');
    const key = `${other.path}/keys/${keyId}`;
    const staged = async (): Promise<string> => {
      const { body } = await server.post(`${key}/rotate`, {}, call);
      return (body['versions'] as unknown as Shape[]).find(({ state }) => state === 'pending')!['kid']!;
    };
    const compare = async (): Promise<void> => {
      call = await owner(other);
      expect(sorted(await past(other, call))).toEqual(sorted(await present(other, call)));
    };
    const overlap = { overlapSeconds: 3_600 };
    await server.post(`${other.path}/services/${id}/credentials/${credentials[0]!['id']}/regenerate`, overlap, call);
    await server.post(`${key}/versions/${await staged()}/retire`, {}, call);
    await compare();
    await server.post(`${key}/versions/${await staged()}/compromise`, {}, call);
    await compare();
    const kid = await staged();
    await compare();
    await server.setTime(server.clock.now() + 2 * DAY);
    await compare();
    const signers = (await past(other, call))['keys'][0]!['versions'] as unknown as Shape[];
    expect(signers.find(({ state }) => state === 'active')).toMatchObject({ kid });
    await server.runScheduler();
    await compare();
  });

  it('an instant before the tenant has nothing, one in the future is rejected', async () => {
    const other = await createTenant(server, 'future');
    const before = await server.get(`${other.path}/as-of?at=2001-01-01`, other.owner);
    expect(before.body).toMatchObject({ tenant: null, members: { items: [], nextCursor: null } });
    const later = await server.get(`${other.path}/as-of?at=${toRfc3339(server.clock.now() + 1)}`, other.owner);
    expect(later).toMatchObject({ status: 400, body: { errors: [{ pointer: 'at', code: 'IN_THE_FUTURE' }] } });
    const cursor = await server.get(`${other.path}/as-of?cursor=WzEsIjEiXQ`, other.owner);
    expect(cursor).toMatchObject({ status: 400, body: { errors: [{ pointer: 'kind' }] } });
  });
});

describe('who could sign with a profile', () => {
  it('who could sign with a profile is told for each instant: grants, credentials, the key, the tenant', async () => {
    const asked = await createTenant(server, 'signers');
    const auditor = await signIn(server, asked, 'auditor');
    const issuer = await createIssuer(server, asked);
    const { profile, keyId, kid } = issuer;
    const granted = await createService(server, asked, [profile]);
    await createService(server, asked, []);
    const { path } = asked;
    const step = async (change: () => Promise<Answer | string>): Promise<number> => {
      const at = server.clock.now();
      await server.setTime(at + SECOND);
      await change();
      return at;
    };
    const signersAt = async (at?: number): Promise<Shape> => {
      const instant = at === undefined ? '' : `&at=${toRfc3339(at)}`;
      return (await server.get(`${path}/as-of/signers?profile=${profile}${instant}`, auditor)).body;
    };
    const names = ({ items }: Shape) =>
      new Set((items as unknown as Shape[]).map(({ serviceId }) => String(serviceId)));

    const both = await step(() => server.patch(`${path}/services/${granted.id}`, { profiles: [] }, asked.owner));
    const one = await step(() => server.post(`${path}/keys/${keyId}/rotate`, { immediately: true }, asked.owner));
    const rotated = await step(async () => server.post(`${path}/suspend`, undefined, { token: await server.login() }));
    const suspended = await step(async () =>
      server.post(`${path}/reactivate`, undefined, { token: await server.login() }),
    );
    const credentials = itemsOf(await server.get(`${path}/services/${issuer.service.id}/credentials`, asked.owner));
    const { id } = credentials.find(({ authType }) => authType === 'service_key')!;
    const before = await step(() =>
      server.post(`${path}/services/${issuer.service.id}/credentials/${id}/compromise`, {}, asked.owner),
    );
    const deleted = await step(() =>
      server.delete(`${path}/token-profiles/${profile}`, { force: true, password: PASSWORD }, asked.owner),
    );

    expect(await signersAt(both)).toMatchObject({ refusal: null, kid });
    expect(names(await signersAt(both))).toEqual(new Set([issuer.service.id, granted.id]));
    expect(names(await signersAt(one))).toEqual(new Set([issuer.service.id]));
    expect((await signersAt(rotated))['kid']).not.toBe(kid);
    expect(await signersAt(suspended)).toMatchObject({ refusal: 'TENANT_SUSPENDED', items: [] });
    expect(itemsOf({ body: await signersAt(before) } as Answer).map((signer) => signer['credentialId'])).toContain(id);
    const successors = itemsOf({ body: await signersAt(deleted) } as Answer);
    expect(successors.map((signer) => signer['credentialId'])).not.toContain(id);
    expect(successors).toHaveLength(2);
    expect(await signersAt()).toMatchObject({ refusal: 'NOT_FOUND', items: [], kid: null });
  });

  it('workloads that could sign are told by their trusts, until the trust or its service is deleted', async () => {
    const asked = await createTenant(server, 'workloads');
    const { profile, service } = await createIssuer(server, asked);
    const other = await createService(server, asked, ['*']);
    const trust = async (serviceId: string): Promise<string> => {
      const rules = {
        issuer: 'https://ci.test',
        audience: 'https://chancery.test',
        subject: 'main',
        jwks: { keys: [] },
      };
      const created = await server.post(
        `${asked.path}/services/${serviceId}/trusts`,
        { name: 'ci', ...rules },
        asked.owner,
      );
      return created.body['id']!;
    };
    const [first, second] = [await trust(service.id), await trust(other.id)];
    const signers = async (): Promise<Shape[]> => {
      const answer = await server.get(`${asked.path}/as-of/signers?profile=${profile}`, asked.owner);
      return itemsOf(answer).filter(({ trustId }) => trustId !== null);
    };
    expect(await signers()).toMatchObject([
      { trustId: first, serviceId: service.id, issuer: 'https://ci.test', subject: 'main', credentialId: null },
      { trustId: second, serviceId: other.id, authType: null, expiresAt: null },
    ]);
    await server.delete(`${asked.path}/services/${service.id}/trusts/${first}`, undefined, asked.owner);
    expect((await signers()).map(({ trustId }) => trustId)).toEqual([second]);
    await server.delete(`${asked.path}/services/${other.id}`, { password: PASSWORD }, asked.owner);
    expect(await signers()).toEqual([]);
    expect((await server.get(`${asked.path}/as-of?kind=trusts`, asked.owner)).body).toMatchObject({
      trusts: { items: [] },
    });
  });

  it('a profile whose key does not sign any more, or whose certificate was revoked, has no signers', async () => {
    const asked = await createTenant(server, 'no-signers');
    const { keyId, kid } = await createKey(server, asked, 'ES256');
    const profile = await createProfile(server, asked, { keyId });
    await createService(server, asked);
    const signers = async (): Promise<Shape> =>
      (await server.get(`${asked.path}/as-of/signers?profile=${profile}`, asked.owner)).body;
    expect(await signers()).toMatchObject({ refusal: null, kid });
    const forced = { force: true, password: PASSWORD };
    await server.post(`${asked.path}/keys/${keyId}/versions/${kid}/retire`, forced, asked.owner);
    expect(await signers()).toMatchObject({ refusal: 'KEY_NOT_USABLE', kid: null, items: [] });
  });
});
