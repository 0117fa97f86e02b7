import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';

import { type ManualClock, toEpochSeconds } from '#core';

import type { Answer, Shape, TestServer, TestTenant } from '../../support/server.js';
import { GOLDEN } from '../../support/golden.js';
import { createAuthority, csrPem } from '../certificates/pki.js';
import { createProfile, createService, requireCreated } from '../signing/issuer.js';

export const RESELLER_KEY = createPrivateKey(GOLDEN.privateKeyPem);
export const BODY = JSON.stringify(GOLDEN.payloads.ccId);

let names = 0;

export interface KeyFile {
  readonly algorithm: string;
  readonly format: 'pem' | 'rsa-xml' | 'secret' | 'secret-base64';
  readonly data: string;
  readonly exportable?: boolean;
}

export async function importKey(server: TestServer, tenant: TestTenant, file: KeyFile): Promise<Shape> {
  const body = { name: `imported ${++names}`, ...file };
  return requireCreated(await server.post(`${tenant.path}/keys/import`, body, tenant.owner));
}

export interface Vendor {
  readonly profile: string;
  readonly keyId: string;
  readonly serviceId: string;
  readonly serviceKey: string;
  readonly jwtSecret: string;
  sign(input?: unknown): Promise<Answer>;
  verify(token: string, more?: object): Promise<Answer>;
  diagnose(token: string, more?: object): Promise<Answer>;
}

/** A profile of the format over an imported key, and a service that may use it. */
export async function createVendor(
  server: TestServer,
  tenant: TestTenant,
  format: string,
  file: KeyFile,
  profileRequest: object = {},
): Promise<Vendor> {
  const { id: keyId } = await importKey(server, tenant, file);
  const profile = await createProfile(server, tenant, { format, keyId, ...profileRequest });
  const { id: serviceId, serviceKey, jwtSecret } = await createService(server, tenant, [profile]);
  const call = { serviceKey };
  return {
    profile,
    keyId: keyId!,
    serviceId,
    serviceKey,
    jwtSecret,
    sign: (input = {}) => server.post(`/v1/sign/${profile}`, input, call),
    verify: (token, more = {}) => server.post('/v1/verify', { profile, token, ...more }, call),
    diagnose: (token, more = {}) => server.post('/v1/diagnose', { profile, token, ...more }, call),
  };
}

/** The certificate of a reseller's RSA key, issued by the tenant's authority. */
export async function certify(server: TestServer, tenant: TestTenant, key = RESELLER_KEY): Promise<string> {
  await createAuthority(server, tenant);
  const csr = csrPem('My Awesome Reseller', { key });
  const answer = await server.post(`${tenant.path}/certificates`, { csr }, tenant.owner);
  return requireCreated(answer)['kid']!;
}

export interface RequestToken {
  readonly kid: string;
  readonly clock: TestServer['clock'];
  readonly claims?: object;
  readonly header?: object;
  readonly body?: string;
  readonly key?: typeof RESELLER_KEY;
}

/** The request token of the document's client, with whatever a test wants to be different. */
export function requestToken({
  kid,
  clock,
  claims = {},
  header = {},
  body = BODY,
  key = RESELLER_KEY,
}: RequestToken): string {
  const payload = {
    payload_hash: createHash('sha256').update(body).digest('hex'),
    jti: randomUUID(),
    exp: toEpochSeconds(clock.now()) + 1_800,
    ...claims,
  };
  // Python writes blanks after commas and colons.
  const encode = (part: object): string =>
    Buffer.from(JSON.stringify(part).replaceAll('":', '": ').replaceAll(',"', ', "')).toString('base64url');
  const data = `${encode({ alg: 'RS256', typ: 'JWT', kid, ...header })}.${encode(payload)}`;
  return `${data}.${sign('sha256', Buffer.from(data), key).toString('base64url')}`;
}

export const update = (
  server: TestServer,
  token: string,
  body: string | Buffer = BODY,
  path = '/v1/licensing/update',
): Promise<Answer> => sendBytes(server, path, token, body);

/** `fetch` with the very bytes; the test server's own calls take text only. */
async function sendBytes(server: TestServer, path: string, token: string, body: string | Buffer): Promise<Answer> {
  const answer = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: new Uint8Array(Buffer.from(body)),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: JSON.parse(text) as Shape };
}

export const manualClock = ({ clock }: TestServer): ManualClock => clock as ManualClock;
