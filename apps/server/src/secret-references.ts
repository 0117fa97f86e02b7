import { type EpochMilliseconds, Secret } from '#core';
import type { CredentialWithSecret } from '#service-keys';
import type { SignedToken } from '#signing';

import { AnswerSecret, type SecretReference } from './http/answer-once.js';

/** A secret that can be revealed: nothing of it is stored with the answer. */
interface CredentialReference extends SecretReference {
  readonly kind: 'credential';
  readonly serviceId: string;
  readonly credentialId: string;
}

/** A token that was issued: no other place has it, so its text is stored with the (sealed) answer until it expires. */
interface TokenReference extends SecretReference {
  readonly kind: 'token';
  readonly profile: string;
  readonly kid: string;
  readonly tokenId: string;
  readonly expiresAt: EpochMilliseconds;
  readonly token: string;
}

export const isCredential = (reference: SecretReference): reference is CredentialReference =>
  reference.kind === 'credential';

export const isToken = (reference: SecretReference): reference is TokenReference => reference.kind === 'token';

/** The secret of a new credential as a member of an answer. */
export function secretOfCredential({ credential, secret }: CredentialWithSecret): AnswerSecret {
  const { id: credentialId, serviceId } = credential;
  return new AnswerSecret(secret, { kind: 'credential', serviceId, credentialId } satisfies CredentialReference);
}

/** A token by the named profile as a member of an answer. */
export function tokenOfProfile(profile: string, { token, kid, tokenId, expiresAt }: SignedToken): AnswerSecret {
  const reference: TokenReference = { kind: 'token', profile, kid, tokenId, expiresAt, token };
  return new AnswerSecret(new Secret(token), reference, expiresAt);
}
