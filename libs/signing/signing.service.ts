import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';
import { uuidv4 } from '#crypto';
import { Database } from '#database';
import { Keys, Signer } from '#keys';

import { profileErrors } from './errors.js';
import { tokenEvents } from './events.js';
import { checkInput } from './input.js';
import { TokenProfiles } from './profiles.service.js';
import type { IssuedToken, Verdict } from './token-format.js';

/** The service that asks, as far as signing needs to know it. */
export interface SigningCaller {
  /** Names of the profiles that it was granted; `*` stands for all. */
  readonly profiles: readonly string[];
}

export interface SignedToken extends IssuedToken {
  readonly format: string;
  readonly kid: string;
}

@Injectable()
export class Signing {
  constructor(
    private readonly database: Database,
    private readonly profiles: TokenProfiles,
    private readonly keys: Keys,
    private readonly signer: Signer,
  ) {}

  /**
   * A token by a profile. It leaves only after its event is durable.
   * @throws PROFILE_NOT_GRANTED, NOT_FOUND, KEY_NOT_USABLE, VALIDATION_ERROR, AUDIT_UNAVAILABLE
   */
  async sign(scope: TenantScope, caller: SigningCaller, profileName: string, input: unknown): Promise<SignedToken> {
    requireGrant(caller, profileName);
    return this.database.transaction(scope, async (tx) => {
      const { profile, facts, format } = await this.profiles.resolve(tx, profileName);
      checkInput(format.name, input ?? {});
      const key = await this.signer.signingKey(tx, profile.keyId!);
      const issued = await format.issue(input ?? {}, { profile: facts, key, now: tx.now, randomId: uuidv4 });
      await this.keys.noteIssue(tx, key.versionId, issued.expiresAt);
      const { kid } = key;
      const { tokenId, expiresAt } = issued;
      const details = { profile: profile.name, format: format.name, expiresAt };
      tx.record(tokenEvents.issued(tokenId.slice(0, 64), { kid, tokenId, details }));
      return { ...issued, format: format.name, kid };
    });
  }

  /** What is to be thought of a token. @throws PROFILE_NOT_GRANTED, NOT_FOUND; never for a bad token */
  async verify(scope: TenantScope, caller: SigningCaller, profileName: string, token: string): Promise<Verdict> {
    requireGrant(caller, profileName);
    return this.database.transaction(scope, async (tx) => {
      const { profile, facts, format } = await this.profiles.resolve(tx, profileName);
      const { key } = await this.keys.describe(tx, profile.keyId!);
      const verdict = await format.verify(token, {
        profile: facts,
        algorithm: key.algorithm,
        keys: await this.signer.verifyingKeys(tx, key.id),
        knowsKid: (kid) => this.signer.knows(tx, key.id, kid),
        now: tx.now,
      });
      const { code, kid, tokenId } = verdict;
      const outcome = code === 'OK' ? 'success' : 'failed';
      const details = { profile: profile.name, code };
      tx.record(tokenEvents.verified((tokenId ?? profile.id).slice(0, 64), { outcome, kid, tokenId, details }));
      return verdict;
    });
  }
}

function requireGrant({ profiles }: SigningCaller, profile: string): void {
  if (!profiles.includes(profile) && !profiles.includes('*')) throw profileErrors.PROFILE_NOT_GRANTED();
}
