import { type KeyObject, createSecretKey } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type PrefixedSecret, lookupHash, prefixedSecret, randomSecret } from '#crypto';
import { Vault } from '#vault';

const PEPPER = 'account-secret-pepper';
const PEPPER_BYTES = 32;

/** The secrets that people receive from Chancery, each kind with its prefix. None is stored: only its keyed hash is. */
export const accountSecretKinds = {
  invitation: prefixedSecret('cinv_'),
  passwordReset: prefixedSecret('crst_'),
  refreshToken: prefixedSecret('crft_'),
  apiToken: prefixedSecret('chat_'),
  signIn: prefixedSecret('cmfa_'),
  providerSignIn: prefixedSecret('cips_'),
} as const satisfies Record<string, PrefixedSecret>;

/** The keyed hashes by which such secrets are found. */
@Injectable()
export class AccountSecrets {
  #pepper: Promise<KeyObject> | undefined;

  constructor(private readonly vault: Vault) {}

  /** The keyed hash (HMAC-SHA256, hex). Called before a transaction opens: the first call makes or reads the pepper. */
  async lookupHash(secret: string): Promise<string> {
    this.#pepper ??= this.readPepper();
    try {
      return lookupHash(await this.#pepper, secret);
    } catch (error) {
      // A database that did not answer may answer next time.
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
