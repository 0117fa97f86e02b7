import { type KeyObject, createSecretKey } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type PrefixedSecret, lookupHash, prefixedSecret, randomSecret } from '#crypto';
import { Vault } from '#vault';

const PEPPER = 'account-secret-pepper';
const PEPPER_BYTES = 32;

/** The secrets that people receive from Chancery; each kind has its prefix. Only their keyed hashes are stored. */
export const accountSecretKinds = {
  invitation: prefixedSecret('cinv_'),
  passwordReset: prefixedSecret('crst_'),
  refreshToken: prefixedSecret('crft_'),
  apiToken: prefixedSecret('chat_'),
  signIn: prefixedSecret('cmfa_'),
  providerSignIn: prefixedSecret('cips_'),
} as const satisfies Record<string, PrefixedSecret>;

/** Keyed hashes that find such secrets. */
@Injectable()
export class AccountSecrets {
  #pepper: Promise<KeyObject> | undefined;

  constructor(private readonly vault: Vault) {}

  /** The keyed hash (HMAC-SHA256, hex). Call it before a transaction opens: the first call creates or reads the pepper. */
  async lookupHash(secret: string): Promise<string> {
    this.#pepper ??= this.readPepper();
    try {
      return lookupHash(await this.#pepper, secret);
    } catch (error) {
      // A failed read is not cached: the database may answer next time.
      this.#pepper = undefined;
      throw error;
    }
  }

  private async readPepper(): Promise<KeyObject> {
    return createSecretKey(
      await this.vault.ensureInstallationSecret(PEPPER, () => randomSecret(PEPPER_BYTES).reveal()),
    );
  }
}
