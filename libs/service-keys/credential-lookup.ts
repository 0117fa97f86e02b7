import { type KeyObject, createSecretKey } from 'node:crypto';

import { In, Not, type View } from '#database';

import type { CredentialSecrets } from './credential-secrets.js';
import { Credential, Service } from './entities.js';

const CREDENTIALS_TRIED_MAX = 50;

/** The JWT credentials that a token of this issuer may be signed with: those of a service, or one by its own id. */
export async function jwtCredentialsOf(view: View, issuer: string): Promise<Credential[]> {
  const shared = { authType: 'jwt' as const, state: Not('deleted' as const) };
  // With the tenant the index over services can be used; the id alone is the primary key.
  const service = await view.findOne(Service, { id: issuer });
  return view.find(
    Credential,
    service ? { tenantId: service.tenantId, serviceId: issuer, ...shared } : { id: issuer, ...shared },
    // `active` is the first state of the alphabet: however many ended before, those that may be good are tried.
    { order: { state: 'ASC', id: 'DESC' }, limit: CREDENTIALS_TRIED_MAX },
  );
}

/** Which of these issuers exist at all, in two queries for any number of them. */
export async function knownIssuers(view: View, issuers: readonly string[]): Promise<string[]> {
  const services = await view.find(Service, { id: In([...issuers]) });
  const credentials = await view.find(Credential, { id: In([...issuers]), authType: 'jwt' });
  return [...services, ...credentials].map(({ id }) => id);
}

/** The secret of a JWT credential as a key (RFC 7518 §3.2). */
export async function signingKeyOf(secrets: CredentialSecrets, view: View, credential: Credential): Promise<KeyObject> {
  return createSecretKey(Buffer.from((await secrets.open(view, credential)).reveal(), 'base64'));
}
