import { generateKeyPairSync } from 'node:crypto';

import { type TenantScope, systemClock } from '#core';
import type { SignedToken } from '#signing';

import { createKey, createProfile, createService, createIssuer } from '../e2e/signing/issuer.js';
import { createAuthority, csrPem } from '../e2e/certificates/pki.js';
import { BODY, requestToken } from '../e2e/vendors/vendor.js';
import { GOLDEN } from '../support/golden.js';
import type { Call, TestServer, TestTenant } from '../support/server.js';

/** What signs, and whose change is watched. */
export interface WatchedIssuer {
  readonly keyId: string;
  readonly kid: string;
  readonly profile: string;
  readonly service: { readonly id: string; readonly serviceKey: string };
  /** What a token is asked for with. */
  readonly input: object;
  /** What is sent instead where it is no token that is asked for: what is acknowledged counts as one. */
  readonly send?: () => { readonly path: string; readonly token: string; readonly body: string };
}

type Token = Pick<SignedToken, 'kid' | 'token'>;

/** The instance on which a change is made. */
export interface ChangingInstance {
  post(path: string, body: unknown, call: Call): Promise<{ readonly status: number; readonly body: object }>;
  patch(path: string, body: unknown, call: Call): Promise<{ readonly status: number; readonly body: object }>;
}

interface Situation {
  readonly tenant: TestTenant;
  readonly issuer: WatchedIssuer;
  /** Of the service, as it was admitted before the change. */
  readonly scope: TenantScope;
  /** Access token of the administrator of the platform. */
  readonly admin: string;
}

/** A change after which certain tokens must not be made any more. */
export interface StrictChange {
  /** `jwtIssuer` where the change says nothing else. */
  readonly create?: (server: TestServer, tenant: TestTenant) => Promise<WatchedIssuer>;
  make(instance: ChangingInstance, situation: Situation): Promise<{ readonly status: number; readonly body: object }>;
  /** Whether a token is of the state before it. */
  isOutdated(token: Token, issuer: WatchedIssuer): boolean;
  /** Whether it is read in each transaction, and kept in no memory: such a change needs no number. */
  readonly isRead?: true;
}

/** A service that signs HS256 tokens for an audience of the time before. */
export async function jwtIssuer(server: TestServer, tenant: TestTenant): Promise<WatchedIssuer> {
  const issuer = await createIssuer(server, tenant, { algorithm: 'HS256', audience: ['https://before.test'] });
  return { ...issuer, input: {} };
}

/** A service that signs requests which name a certificate of the tenant. */
export async function certifiedIssuer(server: TestServer, tenant: TestTenant): Promise<WatchedIssuer> {
  const { id: caId } = await createAuthority(server, tenant);
  const { keyId } = await createKey(server, tenant, 'RS256');
  const { owner, path } = tenant;
  const { body: request } = await server.post(`${path}/keys/${keyId}/csr`, { subject: { commonName: 'x' } }, owner);
  const { body } = await server.post(`${path}/certificates`, { caId, csr: request['csr'] }, owner);
  const kid = body['kid']!;
  const profile = await createProfile(server, tenant, { format: 'xima-licensing', keyId, certificateKid: kid });
  const service = await createService(server, tenant);
  return { keyId, kid, profile, service, input: { payload: GOLDEN.payloads.ccId } };
}

/** A service whose tokens are kept, each asked for another number: a number has a limit. */
export async function keptIssuer(server: TestServer, tenant: TestTenant): Promise<WatchedIssuer> {
  const key = { name: 'kept', algorithm: 'HS256', format: 'secret-base64', data: GOLDEN.secretBase64 };
  const { body } = await server.post(`${tenant.path}/keys/import`, key, tenant.owner);
  const settings = { perServicePerMinute: 600 };
  const format = { format: 'telesign-app-verify', issuer: 'customer', settings };
  const profile = await createProfile(server, tenant, { ...format, keyId: body['id']! });
  const [{ kid }] = body['versions'] as unknown as [{ kid: string }];
  let numbers = 0;
  return {
    keyId: body['id']!,
    kid,
    profile,
    service: await createService(server, tenant),
    get input() {
      return { phoneNumber: `+49151${String(++numbers).padStart(8, '0')}` };
    },
  };
}

/** The holder of a certificate of a service, who sends updates of licenses, each with a token of its own. */
export async function licensedHolder(server: TestServer, tenant: TestTenant): Promise<WatchedIssuer> {
  await createAuthority(server, tenant);
  const service = await createService(server, tenant);
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const request = { csr: csrPem('My Awesome Reseller', { key }), serviceId: service.id };
  const { body } = await server.post(`${tenant.path}/certificates`, request, tenant.owner);
  const kid = body['kid']!;
  const send = () => ({
    path: '/v1/licensing/update',
    token: requestToken({ kid, clock: systemClock, key }),
    body: BODY,
  });
  return { keyId: '', kid, profile: '', service, input: {}, send };
}

const always = () => true;
const signedBefore = ({ kid }: Token, issuer: WatchedIssuer): boolean => kid === issuer.kid;
const audienceOf = ({ token }: Token): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { aud?: unknown }).aud;

export const STRICT_CHANGES: Readonly<Record<string, StrictChange>> = {
  'a credential is discarded': {
    make: (instance, { tenant: { path, owner }, issuer: { service }, scope: { actor } }) =>
      instance.post(`${path}/services/${service.id}/credentials/${actor.credentialId}/discard`, undefined, owner),
    isOutdated: always,
  },
  'a credential that asks for kept tokens is discarded': {
    create: keptIssuer,
    make: (instance, { tenant: { path, owner }, issuer: { service }, scope: { actor } }) =>
      instance.post(`${path}/services/${service.id}/credentials/${actor.credentialId}/discard`, undefined, owner),
    isOutdated: always,
  },
  'the key of kept tokens is rotated immediately': {
    create: keptIssuer,
    make: (instance, { tenant: { path, owner }, issuer: { keyId } }) =>
      instance.post(`${path}/keys/${keyId}/rotate`, { immediately: true }, owner),
    isOutdated: signedBefore,
  },
  'the certificate of license updates is revoked': {
    create: licensedHolder,
    make: (instance, { tenant: { path, owner }, issuer: { kid } }) =>
      instance.post(`${path}/certificates/${kid}/revoke`, { reason: 'superseded' }, owner),
    isOutdated: always,
    isRead: true,
  },
  'the tenant of license updates is suspended': {
    create: licensedHolder,
    make: (instance, { tenant: { path }, admin }) => instance.post(`${path}/suspend`, undefined, { token: admin }),
    isOutdated: always,
    isRead: true,
  },
  'a credential is marked as compromised': {
    make: (instance, { tenant: { path, owner }, issuer: { service }, scope: { actor } }) =>
      instance.post(`${path}/services/${service.id}/credentials/${actor.credentialId}/compromise`, {}, owner),
    isOutdated: always,
  },
  'the grant of a service is withdrawn': {
    make: (instance, { tenant: { path, owner }, issuer: { service } }) =>
      instance.patch(`${path}/services/${service.id}`, { profiles: [] }, owner),
    isOutdated: always,
  },
  'the tenant is suspended': {
    make: (instance, { tenant: { path }, admin }) => instance.post(`${path}/suspend`, undefined, { token: admin }),
    isOutdated: always,
  },
  'the key is rotated immediately': {
    make: (instance, { tenant: { path, owner }, issuer: { keyId } }) =>
      instance.post(`${path}/keys/${keyId}/rotate`, { immediately: true }, owner),
    isOutdated: signedBefore,
  },
  'the key version is marked as compromised': {
    make: (instance, { tenant: { path, owner }, issuer: { keyId, kid } }) =>
      instance.post(`${path}/keys/${keyId}/versions/${kid}/compromise`, {}, owner),
    isOutdated: signedBefore,
  },
  'the profile is changed': {
    make: (instance, { tenant: { path, owner }, issuer: { profile } }) =>
      instance.patch(`${path}/token-profiles/${profile}`, { audience: ['https://after.test'] }, owner),
    isOutdated: (token) => audienceOf(token) !== 'https://after.test',
  },
  'the certificate of the profile is revoked': {
    create: certifiedIssuer,
    make: (instance, { tenant: { path, owner }, issuer: { kid } }) =>
      instance.post(`${path}/certificates/${kid}/revoke`, { reason: 'superseded' }, owner),
    isOutdated: always,
    isRead: true,
  },
};

/** A tenant with what signs, and a second credential: the last active one of its type could not be discarded. */
export async function watched(server: TestServer, tenant: TestTenant, change: StrictChange): Promise<WatchedIssuer> {
  const issuer = await (change.create ?? jwtIssuer)(server, tenant);
  const credentials = `${tenant.path}/services/${issuer.service.id}/credentials`;
  await server.post(credentials, { authType: 'service_key' }, tenant.owner);
  return issuer;
}

/** Changes after which no certificate is issued to the service any more. */
export const CERTIFICATE_CHANGES: Readonly<
  Record<string, (instance: ChangingInstance, situation: Situation, caId: string) => ReturnType<StrictChange['make']>>
> = {
  'the authority is revoked': (instance, { tenant: { path, owner } }, caId) =>
    instance.post(`${path}/certificate-authorities/${caId}/revoke`, { reason: 'cessationOfOperation' }, owner),
  ...Object.fromEntries(
    ['a credential is discarded', 'the tenant is suspended'].map((name) => [name, STRICT_CHANGES[name]!.make]),
  ),
};

const REQUESTS_AFTERWARDS = 3;
const PATIENCE_MILLISECONDS = 60_000;

export interface Outdated {
  readonly before: number;
  readonly after: number;
}

/**
 * Asks for tokens without pause, makes the change in the middle, and counts the tokens of the state before it by whether they
 * were asked for before or after it was acknowledged.
 * @param ask gives `undefined` where it is rejected
 */
export async function raceAgainst<Made>(
  {
    workers,
    ask,
    isOutdated,
  }: {
    readonly workers: number;
    readonly ask: () => Promise<Made | undefined>;
    readonly isOutdated: (made: Made) => boolean;
  },
  change: () => Promise<{ readonly status: number; readonly body: object }>,
): Promise<Outdated> {
  const counted = { before: 0, after: 0 };
  let acknowledged = false;
  const underWay = Promise.withResolvers<void>();
  const patience = setTimeout(() => underWay.reject(new Error('No token was made')), PATIENCE_MILLISECONDS);
  const worker = async (): Promise<void> => {
    for (let remaining = REQUESTS_AFTERWARDS; remaining > 0; remaining -= acknowledged ? 1 : 0) {
      const isAfter = acknowledged;
      const token = await ask();
      if (!token) continue;
      underWay.resolve();
      if (isOutdated(token)) counted[isAfter ? 'after' : 'before'] += 1;
    }
  };
  const working = Promise.all(Array.from({ length: workers }, worker));
  try {
    await underWay.promise;
    const { status, body } = await change();
    if (status >= 300) throw new Error(`The change was answered ${status} ${JSON.stringify(body)}`);
  } finally {
    clearTimeout(patience);
    acknowledged = true;
  }
  await working;
  return counted;
}
