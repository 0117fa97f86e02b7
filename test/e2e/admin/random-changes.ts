import { DAY, SECOND, toRfc3339 } from '#core';

import type { ScriptedProvider } from '../../support/identity-provider.js';
import {
  type Answer,
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
} from '../../support/server.js';
import { issue } from '../certificates/pki.js';
import { createProvider, signInScripted } from './company.js';

const itemsOf = ({ body }: Answer): Shape[] => body['items'] as unknown as Shape[];

/** Numbers below a bound, always the same ones (mulberry32). */
export function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** Changes of everything that is rebuilt, most of which are possible when they are asked for. */
export function changesOf(
  { server, company }: { readonly server: TestServer; readonly company: ScriptedProvider },
  changed: TestTenant,
  call: () => Call,
  below: (bound: number) => number,
) {
  const { path } = changed;
  let number = 0;
  let providerId: string | undefined;
  const one = async (list: string): Promise<Shape | undefined> => {
    const items = itemsOf(await server.get(`${path}/${list}?limit=200`, call()));
    return items.length === 0 ? undefined : items[below(items.length)];
  };
  const some = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const onCredential = (action: string, body?: () => object) => async () => {
    const found = await one('credentials');
    if (!found) return;
    const at = `${path}/services/${found['serviceId']}/credentials/${found['id']}`;
    if (action === '') await server.patch(at, body!(), call());
    else if (action === 'delete') await server.delete(at, { password: PASSWORD }, call());
    else await server.post(`${at}/${action}`, body?.(), call());
  };
  const onVersion = (action: string) => async () => {
    const key = await one('keys');
    if (!key) return;
    const versions = (await server.get(`${path}/keys/${key['id']}`, call())).body['versions'] as unknown as Shape[];
    await server.post(`${path}/keys/${key['id']}/versions/${some(versions)['kid']}/${action}`, {}, call());
  };
  const onKey = (change: (at: string) => Promise<unknown>) => async () => {
    const key = await one('keys');
    if (key) await change(`${path}/keys/${key['id']}`);
  };
  const onCertificate = (action: string, body?: object) => async () => {
    const certificate = await one('certificates');
    if (certificate) await server.post(`${path}/certificates/${certificate['kid']}/${action}`, body, call());
  };
  return [
    () => server.post(`${path}/services`, { name: `service ${++number}`, profiles: some([[], ['*']]) }, call()),
    async () => {
      const service = await one('services');
      const contacts = some([[], ['ada@past.test']]);
      const change = { description: `changed ${++number}`, allowedCidrs: some([[], ['192.0.2.0/24']]), contacts };
      if (service) await server.patch(`${path}/services/${service['id']}`, change, call());
    },
    async () => {
      const service = below(3) === 0 ? await one('services') : undefined;
      if (service) await server.delete(`${path}/services/${service['id']}`, { password: PASSWORD }, call());
    },
    async () => {
      const service = await one('services');
      const expiresAt = some([null, toRfc3339(server.clock.now() + 3 * DAY)]);
      const body = { authType: some(['service_key', 'jwt']), name: `credential ${++number}`, expiresAt };
      if (service) await server.post(`${path}/services/${service['id']}/credentials`, body, call());
    },
    async () => {
      const service = await one('services');
      const rules = {
        subject: some([undefined, 'main:*']),
        claims: { repository: `${number}` },
        singleUse: some([true, false]),
      };
      const issuer = { issuer: 'https://ci.test', audience: 'https://chancery.test', jwks: { keys: [] } };
      if (service)
        await server.post(
          `${path}/services/${service['id']}/trusts`,
          { name: `trust ${++number}`, ...issuer, ...rules },
          call(),
        );
    },
    async () => {
      const service = await one('services');
      const trusts = service && itemsOf(await server.get(`${path}/services/${service['id']}/trusts`, call()));
      if (trusts?.length)
        await server.delete(`${path}/services/${service!['id']}/trusts/${some(trusts)['id']}`, undefined, call());
    },
    onCredential('discard'),
    onCredential('reactivate'),
    onCredential('regenerate', () => ({ overlapSeconds: some([0, 3_600]) })),
    onCredential('compromise', () => ({})),
    onCredential('', () => ({ name: `renamed ${++number}`, expiresAt: toRfc3339(server.clock.now() + 2 * DAY) })),
    onCredential('delete'),
    () =>
      server.post(
        `${path}/keys`,
        {
          name: `key ${++number}`,
          algorithm: some(['ES256', 'HS256']),
          rotateEverySeconds: 30 * 86_400,
          exportable: true,
        },
        call(),
      ),
    onKey((at) => server.post(`${at}/rotate`, { immediately: some([true, false]) }, call())),
    onKey((at) => server.post(`${at}/rotate`, { immediately: some([true, false]) }, call())),
    onKey((at) => server.patch(at, { name: `key renamed ${++number}`, exportable: false }, call())),
    onKey((at) =>
      below(2) === 0 ? server.delete(at, { password: PASSWORD, force: true }, call()) : Promise.resolve(),
    ),
    onKey((at) => server.post(`${at}/restore`, undefined, call())),
    onVersion('retire'),
    onVersion('compromise'),
    async () => {
      const key = await one('keys');
      const body = { name: `profile-${++number}`, format: 'jwt', keyId: key?.['id'], fixedClaims: { number } };
      if (key) await server.post(`${path}/token-profiles`, body, call());
    },
    async () => {
      const profile = await one('token-profiles');
      if (profile)
        await server.patch(`${path}/token-profiles/${profile['name']}`, { ttlSeconds: 60 + below(200) }, call());
    },
    async () => {
      const profile = below(2) === 0 ? await one('token-profiles') : undefined;
      if (profile) await server.delete(`${path}/token-profiles/${profile['name']}`, undefined, call());
    },
    async () => {
      const serviceId = some([undefined, (await one('services'))?.['id']]);
      const owned = { ...changed, owner: { ...changed.owner, token: call().token! } };
      await issue(server, owned, { validityDays: some([1, 300]), serviceId });
    },
    onCertificate('hold'),
    onCertificate('release'),
    onCertificate('revoke', { reason: 'superseded' }),
    async () => {
      const email = `member-${below(4)}@past.test`;
      const { body } = await server.post(`${path}/members`, { email, role: some(['auditor', 'full_access']) }, call());
      if (body['token'])
        await server.post('/v1/invitations/accept', { token: body['token'], name: 'M', password: PASSWORD });
    },
    async () => {
      const member = await one('members');
      const role = some(['auditor', 'full_access', 'limited_access']);
      if (member) await server.patch(`${path}/members/${member['userId']}`, { role }, call());
    },
    async () => {
      const member = await one('members');
      if (member) await server.delete(`${path}/members/${member['userId']}`, undefined, call());
    },
    // The groups of a person decide at each sign-in whether and as what they are a member.
    ...Array.from({ length: 3 }, () => async () => {
      const owned = { ...changed, owner: { ...changed.owner, token: call().token! } };
      const groups = [
        { group: 'staff', role: 'limited_access' },
        { group: 'admins', role: 'full_access' },
      ];
      providerId ??= await createProvider(server, owned, company.issuer, { roleMappings: groups });
      const sub = `company-${below(2)}`;
      const iat = Math.floor(server.clock.now() / SECOND);
      const claims = { sub, email: `${sub}@past.test`, email_verified: true, name: sub, iat, exp: iat + 300 };
      for (const groups of [some([['staff'], ['admins']]), some([[], ['staff'], ['staff', 'admins']])])
        await signInScripted(server, company, providerId, { ...claims, groups });
    }),
    async () => {
      if (providerId === undefined || below(3) > 0) return;
      await server.delete(`${path}/identity-providers/${providerId}`, { password: PASSWORD }, call());
      providerId = undefined;
    },
    async () => {
      const settings = { keyDeletionDays: 1 + below(20), reveal: some(['allowed', 'once', 'never']) };
      const change = { name: `Past ${++number}`, settings: { keyDeletionDays: settings.keyDeletionDays } };
      await server.patch(path, some([change, { settings: { reveal: settings.reveal } }]), call());
    },
    async () => {
      const admin = { token: await server.login() };
      await server.post(`${path}/suspend`, undefined, admin);
      await server.post(`${path}/reactivate`, undefined, admin);
    },
  ];
}
