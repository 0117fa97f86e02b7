// Changes of administrators that meet: what is prepared, who races, how many may win, and what must hold afterwards.
import { invite, joinTenant, createServiceAccount } from '../support/people.js';
import { PASSWORD, type Shape, type TestServer, type TestTenant } from '../support/server.js';
import { AcmeTestClient, bind } from '../e2e/acme/acme-client.js';
import { createAuthority, createCertificate, csrPem } from '../e2e/certificates/pki.js';
import { createKey, createProfile } from '../e2e/signing/issuer.js';

/** Where a race takes place; what is prepared is asked of a server that does not race. */
export interface Place {
  readonly server: TestServer;
  readonly tenant: TestTenant;
  readonly admin: string;
  /** Other in each round of each race. */
  readonly unique: string;
}

export interface Racer {
  readonly method: string;
  readonly path: string;
  readonly body?: object | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The owner's where it is absent; `null` for no credentials. */
  readonly token?: string | null | undefined;
}

interface Prepared {
  readonly racers: readonly Racer[];
  /** What is wrong once all racers were answered. */
  readonly after?: () => Promise<readonly string[]>;
}

export interface AdminRace {
  /** How many racers succeed; two numbers are the least and the most. */
  readonly wins: number | readonly [number, number];
  /** Whether a racer may succeed without an event, because it finds done what it wants. */
  readonly repeats?: boolean;
  /** Whether a refused racer may leave the events of an issuance that was begun, and then given up. */
  readonly begins?: boolean;
  /** Whether its tenant can be used for nothing afterwards. */
  readonly spendsTenant?: boolean;
  prepare(place: Place): Promise<Prepared>;
}

const post = (path: string, body?: object, more: Partial<Racer> = {}): Racer => ({
  method: 'POST',
  path,
  body,
  ...more,
});
const patch = (path: string, body: object, more: Partial<Racer> = {}): Racer => ({
  method: 'PATCH',
  path,
  body,
  ...more,
});
const remove = (path: string, body?: object): Racer => ({ method: 'DELETE', path, body });
const twice = (racer: Racer): readonly Racer[] => [racer, racer];

async function make({ server, tenant }: Place, path: string, body: object): Promise<Shape> {
  const answer = await server.post(`${tenant.path}/${path}`, body, tenant.owner);
  if (answer.status !== 201) throw new Error(`It was not created: ${answer.text}`);
  return answer.body;
}
const serviceOf = async (place: Place): Promise<string> =>
  (await make(place, 'services', { name: place.unique }))['service']!['id']!;
const itemsOf = async ({ server, tenant }: Place, path: string): Promise<readonly Shape[]> =>
  (await server.get(`${tenant.path}/${path}`, tenant.owner)).body['items'] as unknown as readonly Shape[];
const webhook = { url: 'https://localhost/', actions: ['key.*'] };
const trust = {
  name: 'ci',
  issuer: 'https://login.example.com',
  audience: 'https://chancery.test',
  subject: 'workload',
};
const provider = { name: 'Company', issuer: 'https://login.example.com', clientId: 'chancery' };
const WEBHOOKS_MAX = 20;
const TRUSTS_MAX = 20;

/** A race for the last place of a quota. */
const lastPlace = (name: string, max: number, pathOf: (place: Place) => Promise<string>, body: object): AdminRace => ({
  wins: 1,
  spendsTenant: true,
  async prepare(place) {
    const path = await pathOf(place);
    for (let { length } = await itemsOf(place, `${path}?limit=200`); length < max - 1; length += 1)
      await make(place, path, body);
    const after = async () => {
      const items = await itemsOf(place, `${path}?limit=200`);
      return items.length === max ? [] : [`${items.length} ${name}`];
    };
    return { racers: twice(post(`${place.tenant.path}/${path}`, body)), after };
  },
});

/** A race for a name. */
const oneName = (path: string, bodyOf: (name: string) => object, wins: AdminRace['wins'] = 1): AdminRace => ({
  wins,
  prepare: async ({ tenant, unique }) => ({ racers: twice(post(`${tenant.path}/${path}`, bodyOf(unique))) }),
});

/** Racers on something that is made before. */
const on = (
  made: (place: Place) => Promise<string>,
  racersOf: (path: string, place: Place) => readonly Racer[],
  wins: AdminRace['wins'],
  rest: {
    readonly repeats?: boolean;
    readonly begins?: boolean;
    readonly after?: (path: string, place: Place) => Promise<readonly string[]>;
  } = {},
): AdminRace => ({
  wins,
  repeats: rest.repeats ?? false,
  begins: rest.begins ?? false,
  async prepare(place) {
    const path = `${place.tenant.path}/${await made(place)}`;
    const { after } = rest;
    return { racers: racersOf(path, place), ...(after && { after: () => after(path, place) }) };
  },
});

const aService = async (place: Place) => `services/${await serviceOf(place)}`;
const aKey = async ({ server, tenant }: Place) => `keys/${(await createKey(server, tenant, 'ES256')).keyId}`;
const aKeyVersion = async ({ server, tenant }: Place) => {
  const { keyId, kid } = await createKey(server, tenant, 'ES256');
  return `keys/${keyId}/versions/${kid}`;
};
const aProfile = async (place: Place) => {
  const { keyId } = await createKey(place.server, place.tenant, 'ES256');
  return `token-profiles/${await createProfile(place.server, place.tenant, { keyId })}`;
};
const aCertificate = async ({ server, tenant }: Place) =>
  `certificates/${(await createCertificate(server, tenant)).kid}`;
const anAuthority = async ({ server, tenant }: Place) =>
  `certificate-authorities/${(await createAuthority(server, tenant))['id']}`;
const aWebhook = async (place: Place) => `webhooks/${(await make(place, 'webhooks', webhook))['webhook']!['id']}`;
const aTrust = async (place: Place) => {
  const path = `services/${await serviceOf(place)}/trusts`;
  return `${path}/${(await make(place, path, trust))['id']}`;
};
const aProvider = async (place: Place) =>
  `identity-providers/${(await make(place, 'identity-providers', { ...provider, password: PASSWORD }))['id']}`;
const anInvitation = async (place: Place) => {
  await invite(place.server, place.tenant, `${place.unique}@race.test`, 'auditor');
  const [newest] = await itemsOf(place, 'invitations');
  return `invitations/${newest!['id']}`;
};
const aServiceAccount = async ({ server, tenant }: Place) =>
  `service-accounts/${await createServiceAccount(server, tenant, 'auditor')}`;
const newToken = () => ({
  name: 'raced',
  permissions: ['keys:read'],
  expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
});
const anApiToken = async (place: Place) =>
  `api-tokens/${(await make(place, 'api-tokens', { ...newToken(), password: PASSWORD }))['apiToken']!['id']}`;
const aBinding = async (place: Place) => {
  const caId = await authorityOf(place);
  const serviceId = await serviceOf(place);
  return `services/${serviceId}/acme-bindings/${(await bind(place.server, place.tenant, serviceId, { caId })).id}`;
};
const authorityOf = async ({ server, tenant }: Place) => String((await createAuthority(server, tenant))['id']);
const anAcmeAccount = async (place: Place) => {
  const binding = await bind(place.server, place.tenant, await serviceOf(place), { caId: await authorityOf(place) });
  const client = new AcmeTestClient(place.server, binding.directoryUrl);
  await client.register(binding);
  return `acme-accounts/${client.kid!.split('/').at(-1)}`;
};

/** A tenant of its own. */
async function aTenant({ server, unique, admin }: Place): Promise<string> {
  const made = await server.post('/v1/tenants', { slug: unique, name: unique }, { token: admin });
  if (made.status !== 201) throw new Error(`It was not created: ${made.text}`);
  return `/v1/tenants/${made.body['id']}`;
}
const onTenant = (wins: AdminRace['wins'], racersOf: (path: string, place: Place) => readonly Racer[]): AdminRace => ({
  wins,
  async prepare(place) {
    const racers = racersOf(await aTenant(place), place);
    return { racers: racers.map((racer) => ({ ...racer, token: place.admin })) };
  },
});

const activeVersions = async (path: string, { server, tenant }: Place) => {
  const { body } = await server.get(path.replace(/\/versions\/.*/, ''), tenant.owner);
  const active = (body['versions'] as unknown as readonly Shape[]).filter(
    ({ state }) => (state as unknown) === 'active',
  );
  return active.length === 1 ? [] : [`${active.length} active versions`];
};
const goneWith =
  (action: string) =>
  async (path: string, { server, tenant }: Place) => {
    const { body } = await server.get(path, tenant.owner);
    return body['state'] === undefined || (body['state'] as unknown) === action
      ? []
      : [`the state is ${body['state']}`];
  };

export const ADMIN_RACES: Readonly<Record<string, AdminRace>> = {
  'two services of one name': oneName('services', (name) => ({ name })),
  'a service renamed by two who saw the same version': on(
    aService,
    (path, { unique }) => twice(patch(path, { description: unique }, { headers: { 'If-Match': '"1"' } })),
    1,
  ),
  'a service deleted twice': on(aService, (path) => twice(remove(path)), 1),
  'a service deleted while it gets a credential': on(
    aService,
    (path) => [remove(path), post(`${path}/credentials`, { authType: 'jwt' })],
    [1, 2],
    {
      after: async (path, { server, tenant }) =>
        (await server.get(path, tenant.owner)).status === 404 ? [] : ['the service is there'],
    },
  ),
  'the last credential below the limit': on(
    aService,
    (path) => twice(post(`${path}/credentials`, { authType: 'jwt' })),
    1,
    {
      after: async (path, { server, tenant }) => {
        const { body } = await server.get(`${path}/credentials?authType=jwt`, tenant.owner);
        const { length } = body['items'] as unknown as readonly Shape[];
        return length === 2 ? [] : [`${length} credentials`];
      },
    },
  ),
  'two keys of one name': oneName('keys', (name) => ({ name, algorithm: 'ES256' })),
  'a key rotated twice': on(aKey, (path) => twice(post(`${path}/rotate`, {})), 1, { after: activeVersions }),
  'a key rotated at once twice': on(aKey, (path) => twice(post(`${path}/rotate`, { immediately: true })), [1, 2], {
    after: activeVersions,
  }),
  'a version compromised twice': on(aKeyVersion, (path) => twice(post(`${path}/compromise`, {})), [1, 2], {
    after: activeVersions,
    repeats: true,
  }),
  'a version compromised while its key is rotated': on(
    aKeyVersion,
    (path) => [post(`${path}/compromise`, {}), post(path.replace(/\/versions\/.*/, '/rotate'), { immediately: true })],
    [1, 2],
    { after: activeVersions },
  ),
  'a key deleted twice': on(aKey, (path) => twice(remove(path, {})), 1),
  'a key deleted while a profile begins to use it': on(
    aKey,
    (path, { tenant, unique }) => [
      remove(path, {}),
      post(`${tenant.path}/token-profiles`, { name: unique, format: 'jwt', keyId: path.split('/').at(-1) }),
    ],
    1,
  ),
  'two profiles of one name': {
    wins: 1,
    async prepare({ server, tenant, unique }) {
      const { keyId } = await createKey(server, tenant, 'ES256');
      return { racers: twice(post(`${tenant.path}/token-profiles`, { name: unique, format: 'jwt', keyId })) };
    },
  },
  'a profile deleted twice': on(aProfile, (path) => twice(remove(path)), 1),
  'a profile deleted while it is changed': on(
    aProfile,
    (path) => [remove(path), patch(path, { ttlSeconds: 60 })],
    [1, 2],
  ),
  'two authorities of one name': oneName('certificate-authorities', (name) => ({
    name,
    subject: { commonName: name },
  })),
  'an authority revoked twice': on(anAuthority, (path) => twice(post(`${path}/revoke`, {})), [1, 2], {
    repeats: true,
    after: goneWith('revoked'),
  }),
  'an authority revoked while it issues': on(
    anAuthority,
    (path, { tenant, unique }) => [
      post(`${path}/revoke`, {}),
      post(`${tenant.path}/certificates`, { csr: csrPem(unique), caId: path.split('/').at(-1) }),
    ],
    [1, 2],
    {
      begins: true,
      after: async (path, place) => {
        const active = await itemsOf(place, `certificates?state=active&caId=${path.split('/').at(-1)}`);
        return active.length === 0 ? [] : ['an active certificate of a revoked authority'];
      },
    },
  ),
  'a certificate revoked for two reasons': on(
    aCertificate,
    (path) => [
      post(`${path}/revoke`, { reason: 'superseded' }),
      post(`${path}/revoke`, { reason: 'affiliationChanged' }),
    ],
    [1, 2],
    { repeats: true, after: goneWith('revoked') },
  ),
  'a certificate put on hold while it is revoked': on(
    aCertificate,
    (path) => [post(`${path}/hold`), post(`${path}/revoke`, { reason: 'superseded' })],
    [1, 2],
    { after: goneWith('revoked') },
  ),
  'a certificate renewed while it is revoked': on(
    aCertificate,
    (path) => [post(`${path}/renew`, {}), post(`${path}/revoke`, { reason: 'superseded' })],
    [1, 2],
    { begins: true, after: goneWith('revoked') },
  ),
  'the last webhook below the limit': lastPlace('webhooks', WEBHOOKS_MAX, async () => 'webhooks', webhook),
  'a webhook deleted twice': on(aWebhook, (path) => twice(remove(path)), 1),
  'a webhook deleted while its secret is rotated': on(
    aWebhook,
    (path) => [remove(path), post(`${path}/rotate-secret`, {})],
    [1, 2],
  ),
  'a webhook disabled and enabled': on(aWebhook, (path) => [post(`${path}/disable`), post(`${path}/enable`)], [1, 2], {
    repeats: true,
  }),
  'the last trust below the limit': lastPlace(
    'trusts',
    TRUSTS_MAX,
    async (place) => `services/${await serviceOf(place)}/trusts`,
    trust,
  ),
  'a trust deleted twice': on(aTrust, (path) => twice(remove(path)), 1),
  'an identity provider deleted twice': on(aProvider, (path) => twice(remove(path)), 1),
  'an identity provider deleted while it is changed': on(
    aProvider,
    (path) => [remove(path), patch(path, { name: 'renamed' })],
    [1, 2],
  ),
  'the last two owners demoted': {
    wins: 1,
    spendsTenant: true,
    async prepare({ server, tenant, unique }) {
      const email = `${unique}@race.test`;
      await joinTenant(server, tenant, { email, role: 'owner' });
      const token = await server.login(email, PASSWORD);
      const { body } = await server.get(`${tenant.path}/members?limit=200`, tenant.owner);
      const owners = (body['items'] as unknown as readonly Shape[]).filter(({ role }) => (role as unknown) === 'owner');
      const demoted = ({ userId }: Shape) => `${tenant.path}/members/${userId}`;
      const isFirst = (member: Shape) => (member['email'] as unknown) !== email;
      return {
        racers: [
          { ...patch(demoted(owners.find(isFirst)!), { role: 'auditor' }), token },
          remove(demoted(owners.find((member) => !isFirst(member))!)),
        ],
        after: async () => {
          const read = async (call: { token: string }) =>
            (await server.get(`${tenant.path}/members?limit=200`, call)).body;
          const { items = [] } = { ...(await read({ token })), ...(await read(tenant.owner)) };
          const left = (items as unknown as readonly Shape[]).filter(({ role }) => (role as unknown) === 'owner');
          return left.length === 1 ? [] : [`${left.length} owners`];
        },
      };
    },
  },
  'an invitation accepted twice': {
    wins: 1,
    async prepare({ server, tenant, unique }) {
      const token = await invite(server, tenant, `${unique}@race.test`, 'auditor');
      const acceptance = { token, name: 'Racer', password: PASSWORD };
      return { racers: twice(post('/v1/invitations/accept', acceptance, { token: null })) };
    },
  },
  'an invitation withdrawn twice': on(anInvitation, (path) => twice(remove(path)), 1),
  'an invitation withdrawn while it is sent again': on(
    anInvitation,
    (path) => [remove(path), post(`${path}/resend`)],
    [1, 2],
  ),
  'two service accounts of one name': oneName('service-accounts', (name) => ({ name, role: 'auditor' })),
  'a service account deleted twice': on(aServiceAccount, (path) => twice(remove(path)), 1),
  'a service account deleted while it gets a token': on(
    aServiceAccount,
    (path) => [remove(path), post(`${path}/api-tokens`, newToken())],
    [1, 2],
  ),
  'an API token revoked twice': on(anApiToken, (path) => twice(remove(path)), [1, 2], { repeats: true }),
  'an ACME binding deleted twice': on(aBinding, (path) => twice(remove(path)), 1),
  'an ACME account revoked twice': on(anAcmeAccount, (path) => twice(post(`${path}/revoke`)), 2, { repeats: true }),
  'two tenants of one slug': {
    wins: 1,
    prepare: async ({ unique, admin }) => ({
      racers: twice({ ...post('/v1/tenants', { slug: unique, name: unique }), token: admin }),
    }),
  },
  'a tenant suspended twice': onTenant(1, (path) => twice(post(`${path}/suspend`))),
  'a tenant deleted twice': onTenant(1, (path, { unique }) => twice(remove(path, { confirm: unique }))),
  'a tenant deleted while it is suspended': onTenant([1, 2], (path, { unique }) => [
    remove(path, { confirm: unique }),
    post(`${path}/suspend`),
  ]),
  'one request sent twice under an idempotency key': {
    wins: [1, 2],
    repeats: true,
    prepare: async (place) => ({
      racers: twice(
        post(`${place.tenant.path}/services`, { name: place.unique }, { headers: { 'Idempotency-Key': place.unique } }),
      ),
      after: async () => {
        const { length } = await itemsOf(place, `services?name=${place.unique}`);
        return length === 1 ? [] : [`${length} services`];
      },
    }),
  },
};
