import { createPublicKey, hash, type KeyObject } from 'node:crypto';

import { toPem } from '#asn1';

import { type RequestWishes, keys, makeRequest } from '../../conformance/certificates/pure-samples.js';
import { commonName } from '../../support/asn1.js';
import type { Answer, Shape, TestServer, TestTenant } from '../../support/server.js';

let names = 0;

/** A root, unless the body says otherwise. */
export async function createAuthority(server: TestServer, tenant: TestTenant, body: object = {}): Promise<Shape> {
  const name = `authority ${++names}`;
  const request = { name, subject: { commonName: name }, ...body };
  const created = await server.post(`${tenant.path}/certificate-authorities`, request, tenant.owner);
  if (created.status !== 201) throw new Error(`The authority was refused: ${created.text}`);
  return created.body;
}

/** A request in PEM for a new P-256 key, unless the wishes say otherwise. */
export const csrPem = (subject = 'My Awesome Reseller', wishes: Partial<RequestWishes> = {}): string =>
  toPem('CERTIFICATE REQUEST', makeRequest({ key: keys.p256(), subject: commonName(subject), ...wishes }));

export const issue = (server: TestServer, tenant: TestTenant, body: object = {}): Promise<Answer> =>
  server.post(`${tenant.path}/certificates`, { csr: csrPem(), ...body }, tenant.owner);

/** A certificate under a new root. */
export async function createCertificate(
  server: TestServer,
  tenant: TestTenant,
): Promise<{ caId: string; kid: string }> {
  const { id } = await createAuthority(server, tenant);
  const { body } = await issue(server, tenant, { caId: id });
  return { caId: id!, kid: body['kid']! };
}

/** SHA-256 of the SubjectPublicKeyInfo in hexadecimal. */
export const publicKeyHash = (key: KeyObject): string =>
  hash('sha256', createPublicKey(key).export({ type: 'spki', format: 'der' }), 'hex');
