import { randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { sealingErrors } from '#crypto';
import { type CheckpointSigner, SEED_BYTES, type VerifierKey, checkpointSigner } from '#transparency-log';
import { type OnUnsealed, Vault } from '#vault';

const SECRET = 'history-log-key';
/** In this order in the secret and below a checkpoint. Ed25519 for every tool, ML-DSA-44 for after quantum computers. */
const TYPES = ['ed25519', 'mlDsa44'] as const;

/**
 * The keys that sign the checkpoints of all histories: the installation's, made on first start and sealed in its database.
 * Each history signs under its own name, so that a signature for one is none for another.
 */
@Injectable()
export class LogKeys implements OnUnsealed {
  #seeds: Buffer | undefined;

  constructor(private readonly vault: Vault) {}

  /** Loads the keys, or makes them. */
  async onUnsealed(): Promise<void> {
    this.#seeds = await this.vault.ensureInstallationSecret(SECRET, () => randomBytes(SEED_BYTES * TYPES.length));
  }

  /** Loads the keys where there are some already; says whether there are. */
  async load(): Promise<boolean> {
    this.#seeds = await this.vault.installationSecret(SECRET);
    return this.#seeds !== undefined;
  }

  /** Who signs the checkpoints of a log. @throws SEALED */
  signersOf(origin: string): CheckpointSigner[] {
    const seeds = this.#seeds;
    if (!seeds) throw sealingErrors.SEALED();
    return TYPES.map((type, place) =>
      checkpointSigner(origin, type, seeds.subarray(place * SEED_BYTES, (place + 1) * SEED_BYTES)),
    );
  }

  /** What the checkpoints of a log are verified by. @throws SEALED */
  verifierKeysOf(origin: string): VerifierKey[] {
    return this.signersOf(origin).map(({ key }) => key);
  }
}
