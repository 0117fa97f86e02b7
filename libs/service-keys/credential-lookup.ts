import { type KeyObject, createSecretKey } from 'node:crypto';

import { isUuid } from '#core';
import { type CompactJws, algorithm } from '#crypto';
import { In, Not, type View } from '#database';

import type { CredentialSecrets } from './credential-secrets.js';
import { Credential, Service } from './entities.js';

const CREDENTIALS_TRIED_MAX = 50;

/**
 * The JWT credentials that a token of this issuer may be signed with: those of a service, by its id or one of its service
 * keys, or one by its own id. A key as an issuer names the service, and proves nothing.
 */
export async function jwtCredentialsOf(secrets: CredentialSecrets, view: View, named: string): Promise<Credential[]> {
  const issuer = isUuid(named) ? named : await serviceOfKey(secrets, view, named);
  if (issuer === undefined) return [];
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

/** A JWT credential with the key that its tokens are signed with. */
export interface JwtCandidate {
  readonly credential: Credential;
  readonly key: KeyObject;
}

/** The same with their keys, opened. */
export async function jwtCandidatesOf(secrets: CredentialSecrets, view: View, issuer: string): Promise<JwtCandidate[]> {
  const candidates: JwtCandidate[] = [];
  for (const credential of await jwtCredentialsOf(secrets, view, issuer)) {
    candidates.push({ credential, key: await signingKeyOf(secrets, view, credential) });
  }
  return candidates;
}

/** Whether the token of a service is signed with this key. */
export const isSignedWith = async (key: KeyObject, { signingInput, signature }: CompactJws): Promise<boolean> =>
  algorithm('HS256').verify(signingInput, signature, key);

async function serviceOfKey(secrets: CredentialSecrets, view: View, serviceKey: string): Promise<string | undefined> {
  const lookupHash = secrets.lookupHash(serviceKey);
  const credential = await view.findOne(Credential, { lookupHash, authType: 'service_key', state: Not('deleted') });
  return credential?.serviceId;
}

/** Which of these issuers exist at all, in three queries for any number of them. */
export async function knownIssuers(
  secrets: CredentialSecrets,
  view: View,
  issuers: readonly string[],
): Promise<string[]> {
  const ids = In(issuers.filter(isUuid));
  const services = await view.find(Service, { id: ids });
  const credentials = await view.find(Credential, { id: ids, authType: 'jwt' });
  const keyOfHash = new Map(issuers.filter((issuer) => !isUuid(issuer)).map((key) => [secrets.lookupHash(key), key]));
  const hashes = In([...keyOfHash.keys()]);
  const keys = await view.find(Credential, { lookupHash: hashes, authType: 'service_key', state: Not('deleted') });
  return [
    ...[...services, ...credentials].map(({ id }) => id),
    ...keys.flatMap(({ lookupHash }) => keyOfHash.get(lookupHash ?? '') ?? []),
  ];
}

/** The secret of a JWT credential as a key (RFC 7518 §3.2). */
export async function signingKeyOf(secrets: CredentialSecrets, view: View, credential: Credential): Promise<KeyObject> {
  return createSecretKey(Buffer.from((await secrets.open(view, credential)).reveal(), 'base64'));
}
