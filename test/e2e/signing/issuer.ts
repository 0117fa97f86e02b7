import type { KeyObject } from 'node:crypto';

import { type TenantScope, systemOrigin, toEpochSeconds } from '#core';
import { type AlgorithmName, algorithm, algorithms } from '#crypto';
import { Signer, type UsableKey } from '#keys';

import type { Answer, Call, Shape, TestServer, TestTenant } from '../../support/server.js';

export interface TestService {
  readonly id: string;
  readonly serviceKey: string;
  /** Base64 of the bytes that its own JWTs are signed with. */
  readonly jwtSecret: string;
}

export interface TestIssuer {
  readonly tenant: TestTenant;
  readonly keyId: string;
  readonly kid: string;
  readonly profile: string;
  readonly service: TestService;
  sign(input?: unknown, profile?: string): Promise<Answer>;
  verify(token: string, profile?: string): Promise<Answer>;
  /** The public half as the JWKS shows it; `undefined` for a shared secret. */
  jwk(): Promise<Shape | undefined>;
  /** The opened key, for tokens that no server would issue. */
  openKey(): Promise<UsableKey & { readonly signingKey: KeyObject }>;
  /** A token of this issuer with other claims or header members, signed with its real key. */
  forge(claims: object, header?: object): Promise<string>;
}

let names = 0;
const uniqueName = (kind: string): string => `${kind}-${++names}`;

export function requireCreated(answer: Answer): Shape {
  if (answer.status !== 201) throw new Error(`It was not created: ${answer.text}`);
  return answer.body;
}

export async function createKey(
  server: TestServer,
  tenant: TestTenant,
  name: AlgorithmName,
): Promise<{ keyId: string; kid: string }> {
  const modulus = algorithms[name].kind === 'rsa' ? { modulusBits: 2048 } : {};
  const request = { name: uniqueName('key'), algorithm: name, ...modulus };
  const { id, versions } = requireCreated(await server.post(`${tenant.path}/keys`, request, tenant.owner));
  const [version] = versions as unknown as Shape[];
  return { keyId: id!, kid: version!['kid']! };
}

export async function createProfile(server: TestServer, tenant: TestTenant, request: object): Promise<string> {
  const body = { name: uniqueName('profile'), format: 'jwt', ...request };
  return requireCreated(await server.post(`${tenant.path}/token-profiles`, body, tenant.owner))['name']!;
}

export async function createService(
  server: TestServer,
  tenant: TestTenant,
  profiles: readonly string[] = ['*'],
): Promise<TestService> {
  const request = { name: uniqueName('service'), profiles };
  const { service, serviceKey, jwtCredential } = requireCreated(
    await server.post(`${tenant.path}/services`, request, tenant.owner),
  );
  return { id: service!['id']!, serviceKey: serviceKey!['secret']!, jwtSecret: jwtCredential!['secret']! };
}

/** Everything that a tenant needs to sign: a key, a profile and a service that may use every profile. */
export async function createIssuer(
  server: TestServer,
  tenant: TestTenant,
  { algorithm: name = 'ES256', ...profileRequest }: { algorithm?: AlgorithmName; [member: string]: unknown } = {},
): Promise<TestIssuer> {
  const { keyId, kid } = await createKey(server, tenant, name);
  const profile = await createProfile(server, tenant, { keyId, ...profileRequest });
  const service = await createService(server, tenant);
  const asService: Call = { serviceKey: service.serviceKey };
  const scope: TenantScope = { ...systemOrigin('test'), tenantId: tenant.id };
  const openKey = async () => {
    const { app, installation } = server.server;
    const usable = await installation.database.read(scope, (view) => app.get(Signer).signingKey(view, keyId));
    return { ...usable, signingKey: usable.signingKey as KeyObject };
  };
  return {
    tenant,
    keyId,
    kid,
    profile,
    service,
    sign: (input = {}, by = profile) => server.post(`/v1/sign/${by}`, input, asService),
    verify: (token, by = profile) => server.post('/v1/verify', { profile: by, token }, asService),
    jwk: async () => {
      const { keys } = (await server.get(`${tenant.path}/.well-known/jwks.json`)).body;
      return (keys as unknown as Shape[]).find((jwk) => jwk['kid'] === kid);
    },
    openKey,
    forge: async (claims, header = {}) => {
      const { signingKey } = await openKey();
      const text = unsigned({ alg: name, typ: 'JWT', kid, ...header }, { ...goodClaims(server, tenant), ...claims });
      return `${text}.${(await algorithm(name).sign(Buffer.from(text), signingKey)).toString('base64url')}`;
    },
  };
}

/** What a token of a profile without settings of its own says. */
export function goodClaims(server: TestServer, tenant: TestTenant) {
  const iat = toEpochSeconds(server.clock.now());
  return { iss: `${server.url}${tenant.path}`, iat, exp: iat + 300, jti: 'a-token-of-a-test' };
}

/** The first two parts of a token; a part may be given as JSON text, for what an object cannot hold. */
export const unsigned = (header: object | string, claims: object | string): string =>
  [header, claims]
    .map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url'))
    .join('.');
