import { type KeyObject, createPrivateKey } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { algorithm, privateKeyToBytes, sealingErrors, verifyingKeyOf } from '#crypto';
import { type OnUnsealed, Vault } from '#vault';

const SESSION_KEY = 'session-signing-key';
const SESSION_ALGORITHM = algorithm('ES256');

/**
 * The key that signs session tokens, and nothing else. The first start creates it and seals it in the database; all instances
 * share it.
 */
@Injectable()
export class SessionKeys implements OnUnsealed {
  #signing: KeyObject | undefined;

  constructor(private readonly vault: Vault) {}

  /** Loads the key, or creates it. */
  async onUnsealed(): Promise<void> {
    const bytes = await this.vault.ensureInstallationSecret(SESSION_KEY, async () =>
      privateKeyToBytes((await SESSION_ALGORITHM.generate()).signingKey),
    );
    this.#signing = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
  }

  get signing(): KeyObject {
    if (!this.#signing) throw sealingErrors.SEALED();
    return this.#signing;
  }

  get verifying(): KeyObject {
    return verifyingKeyOf(this.signing);
  }
}
