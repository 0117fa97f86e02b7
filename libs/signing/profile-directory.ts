import { Injectable } from '@nestjs/common';

import { type AlgorithmName, isSameKey } from '#crypto';
import { type Basis, Database, type Kept, type Known, type View, spanAround } from '#database';
import { Keys, Signer, keyErrors } from '#keys';

import { type HolderKey, HolderKeys } from './holder-keys.js';
import type { NamedKey } from './prepared-tokens.js';
import { type ResolvedProfile, TokenProfiles } from './profiles.service.js';
import type { RefusalCode, StoredInput, VerifyContext, VerifyingKey } from './token-format.js';

/** A profile that signs, with its key. */
export interface Issuer extends NamedKey {
  readonly resolved: ResolvedProfile;
  readonly stored: StoredInput;
}

/** A profile that verifies, with the keys that may do so now. */
export interface Verifier {
  readonly resolved: ResolvedProfile;
  readonly algorithm: AlgorithmName;
  readonly keys: readonly VerifyingKey[];
  /** Where a certificate takes the key's place: whom it names. */
  readonly holder: HolderKey | undefined;
}

type VerifyingKeys = Pick<VerifyContext, 'algorithm' | 'keys' | 'endedKeys' | 'whyUnusable'>;

/** Reads what is asked for rarely: of keys that may verify no more. */
export type Reading = <T>(work: (view: View) => Promise<T>) => Promise<T>;

const PROFILES_MAX = 10_000;

/**
 * Token profiles and their opened keys in memory, so that a token costs no query. What is signed or accepted by them goes
 * through `Database.commit`, which finds out where another process has changed them.
 */
@Injectable()
export class ProfileDirectory {
  readonly #issuers: Kept<Issuer>;
  readonly #verifiers: Kept<Verifier>;

  constructor(
    database: Database,
    private readonly profiles: TokenProfiles,
    private readonly keys: Keys,
    private readonly signer: Signer,
    private readonly holders: HolderKeys,
  ) {
    this.#issuers = database.keep('issuers', PROFILES_MAX);
    this.#verifiers = database.keep('verifiers', PROFILES_MAX);
  }

  /**
   * What signs by a profile. A certificate that it names is good at this moment; whether it stays so is known to its row only.
   * @throws NOT_FOUND, KEY_NOT_USABLE
   */
  issuer(tenantId: string, profileName: string): Promise<Known<Issuer>> {
    return this.#issuers.get(tenantId, profileName, async (view) => {
      const value = await this.readIssuer(view, profileName);
      return { value, ...spanAround(view.now, [value.key.signsFrom, value.key.signsUntil]) };
    });
  }

  /** What verifies by a profile, likewise. @throws NOT_FOUND */
  verifier(tenantId: string, profileName: string): Promise<Known<Verifier>> {
    return this.#verifiers.get(tenantId, profileName, async (view) => this.readVerifier(view, profileName));
  }

  /** A step: the same by what holds in this view. @throws NOT_FOUND, KEY_NOT_USABLE */
  async readIssuer(view: View, profileName: string): Promise<Issuer> {
    const resolved = await this.profiles.resolve(view, profileName);
    const named = await this.signingKey(view, resolved);
    return { resolved, ...named, stored: await this.profiles.storedInput(view, resolved.profile) };
  }

  /** A step: the same by what holds in this view. @throws NOT_FOUND */
  async readVerifier(
    view: View,
    profileName: string,
  ): Promise<{ readonly value: Verifier } & Pick<Basis, 'from' | 'until'>> {
    const resolved = await this.profiles.resolve(view, profileName);
    const { certificateKid, keyId } = resolved.profile;
    if (certificateKid !== null) {
      const holder = await this.holders.ofProfile(view, certificateKid);
      const { algorithm, keys } = keysOfHolder(holder);
      return { value: { resolved, algorithm, keys, holder }, ...spanAround(view.now, []) };
    }
    const key = await this.keys.byId(view, keyId!);
    const { keys, instants } = await this.signer.verifying(view, key.id);
    const value = { resolved, algorithm: key.algorithm, keys, holder: undefined };
    return { value, ...spanAround(view.now, instants) };
  }

  /** What a format verifies with. */
  keysOf({ resolved, algorithm, keys, holder }: Verifier, read: Reading): VerifyingKeys {
    const { certificateKid, keyId } = resolved.profile;
    if (certificateKid !== null) return keysOfHolder(holder);
    return {
      algorithm,
      keys,
      endedKeys: () => read((view) => this.signer.endedKeys(view, keyId!)),
      whyUnusable: (kid) =>
        read(async (view) => ((await this.signer.knows(view, keyId!, kid)) ? 'KEY_NOT_USABLE' : 'UNKNOWN_KID')),
    };
  }

  /** A certificate that is no longer good must not name a new token, whatever becomes of the key. */
  private async signingKey(view: View, { profile }: ResolvedProfile): Promise<NamedKey> {
    const { keyId, certificateKid } = profile;
    if (keyId === null)
      throw keyErrors.KEY_NOT_USABLE('The profile verifies by a certificate and has no key of its own');
    const key = await this.signer.signingKey(view, keyId);
    if (certificateKid === null) return { key, kid: key.kid };
    const holder = await this.holders.ofProfile(view, certificateKid);
    if (typeof holder?.key !== 'object') throw keyErrors.KEY_NOT_USABLE('The certificate of the profile is not valid');
    if (!isSameKey(holder.key.verifyingKey, key.verifyingKey)) {
      throw keyErrors.KEY_NOT_USABLE('The certificate of the profile is not that of its key');
    }
    return { key, kid: certificateKid };
  }
}

/** What a token may be verified with where a certificate names its key: that one key while the certificate is good. */
export function keysOfHolder(holder: HolderKey | undefined): VerifyingKeys {
  const key: VerifyingKey | undefined = typeof holder?.key === 'object' ? holder.key : undefined;
  const refusal: RefusalCode = typeof holder?.key === 'string' ? holder.key : 'UNKNOWN_KID';
  return {
    algorithm: key?.algorithm ?? 'RS256',
    keys: key ? [key] : [],
    endedKeys: async () => [],
    whyUnusable: async (kid) => (kid === holder?.kid ? refusal : 'UNKNOWN_KID'),
  };
}
