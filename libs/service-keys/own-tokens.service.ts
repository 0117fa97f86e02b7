import { Injectable } from '@nestjs/common';
import type { KeyObject } from 'node:crypto';

import { isUuid } from '#core';
import type { View } from '#database';

import { type RejectedCallerToken, readCallerToken } from './caller-token.js';
import { stateAt } from './lifecycle.js';
import { isSignedWith, jwtCandidatesOf, jwtCredentialsOf } from './credential-lookup.js';
import { CredentialSecrets } from './credential-secrets.js';
import type { Credential } from './entities.js';

/** A secret that a service may sign its own tokens with, by the id of its credential. */
interface OwnTokenKey {
  readonly credentialId: string;
  readonly key: KeyObject;
}

/** The verdict on a service's own token, by the rules of the authentication. */
interface OwnTokenVerdict {
  readonly code: RejectedCallerToken['code'] | 'OK' | 'KEY_NOT_USABLE' | 'INVALID_SIGNATURE';
  /** Whether `iss` names the service. */
  readonly isIssuer: boolean;
  /** The keys that its tokens are accepted with now. */
  readonly keys: readonly OwnTokenKey[];
}

/** Checks the tokens of a service that has proven otherwise who it is: it may know everything about its own. */
@Injectable()
export class OwnTokens {
  constructor(private readonly secrets: CredentialSecrets) {}

  /** A step; decides nothing. */
  async check(view: View, serviceId: string, token: string): Promise<OwnTokenVerdict> {
    const opened = await jwtCandidatesOf(this.secrets, view, serviceId);
    const isUsable = (credential: Credential): boolean => stateAt(credential, view.now) === 'active';
    const keys = opened.flatMap(({ credential, key }) =>
      isUsable(credential) ? [{ credentialId: credential.id, key }] : [],
    );
    const read = readCallerToken(token, view.now);
    if ('refused' in read) return { code: read.code, isIssuer: true, keys };
    const named = await jwtCredentialsOf(this.secrets, view, read.issuer);
    const isIssuer =
      named.some((credential) => credential.serviceId === serviceId) ||
      (isUuid(read.issuer) && read.issuer === serviceId);
    if (!isIssuer) return { code: 'INVALID_CLAIMS', isIssuer, keys };
    const fitting = [];
    for (const { credential, key } of opened) if (await isSignedWith(key, read.jws)) fitting.push(credential);
    const code = fitting.length === 0 ? 'INVALID_SIGNATURE' : fitting.some(isUsable) ? 'OK' : 'KEY_NOT_USABLE';
    return { code, isIssuer, keys };
  }
}
