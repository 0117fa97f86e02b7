import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { Clock, type EpochMilliseconds, HOUR, platformScope, systemOrigin } from '#core';
import { base64UrlBytes, randomSecret } from '#crypto';
import { Database } from '#database';
import { Vault } from '#vault';

import { AcmeNonce } from './entities.js';
import { acmeErrors } from './errors.js';

const SECRET = 'acme-nonce-key';
const SECRET_BYTES = 32;
const INSTANT_BYTES = 6;
const RANDOM_BYTES = 16;
const MAC_BYTES = 16;
const LENGTH = INSTANT_BYTES + RANDOM_BYTES + MAC_BYTES;
/** How long a nonce can be used. */
const NONCE_TTL = HOUR;
const SCOPE = platformScope(systemOrigin('acme-nonces'));

/**
 * Nonces (RFC 8555 §6.5). One that is returned is stored nowhere: it says until when it can be used, under a key that all
 * instances share. One that is used is a row until then, so that it is accepted once, by all of them together.
 */
@Injectable()
export class Nonces {
  #key: Promise<Buffer> | undefined;

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly clock: Clock,
  ) {}

  /** A fresh one, base64url. @throws SEALED */
  async issue(): Promise<string> {
    const instant = Buffer.alloc(INSTANT_BYTES);
    instant.writeUIntBE(this.clock.now() + NONCE_TTL, 0, INSTANT_BYTES);
    const content = Buffer.concat([instant, randomBytes(RANDOM_BYTES)]);
    return Buffer.concat([content, macOf(await this.key(), content)]).toString('base64url');
  }

  /**
   * Whether a nonce is one of ours that has not expired, without using it: what is not costs no row.
   * @throws ACME_BAD_NONCE
   */
  async check(nonce: unknown): Promise<CheckedNonce> {
    const bytes = typeof nonce === 'string' ? base64UrlBytes(nonce) : undefined;
    if (bytes?.length !== LENGTH) throw acmeErrors.ACME_BAD_NONCE();
    const content = bytes.subarray(0, LENGTH - MAC_BYTES);
    if (!timingSafeEqual(macOf(await this.key(), content), bytes.subarray(LENGTH - MAC_BYTES))) {
      throw acmeErrors.ACME_BAD_NONCE();
    }
    const expiresAt = content.readUIntBE(0, INSTANT_BYTES);
    if (expiresAt <= this.clock.now()) throw acmeErrors.ACME_BAD_NONCE('The nonce has expired');
    return { id: hash('sha256', bytes, 'hex'), expiresAt };
  }

  /** Uses a nonce up; of racers one does. @throws ACME_BAD_NONCE */
  async use({ id, expiresAt }: CheckedNonce): Promise<void> {
    const isFirst = await this.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('nonces of ACME that were used');
      return { inserted: await tx.insertIfAbsent(AcmeNonce, { id, expiresAt }) };
    });
    if (!isFirst.inserted) throw acmeErrors.ACME_BAD_NONCE('The nonce was used before');
  }

  private async key(): Promise<Buffer> {
    this.#key ??= this.vault.ensureInstallationSecret(SECRET, () => randomSecret(SECRET_BYTES).reveal());
    try {
      return await this.#key;
    } catch (error) {
      // A database that did not answer may answer next time.
      this.#key = undefined;
      throw error;
    }
  }
}

/** A nonce that can be used. */
interface CheckedNonce {
  readonly id: string;
  readonly expiresAt: EpochMilliseconds;
}

const macOf = (key: Buffer, content: Buffer): Buffer =>
  createHmac('sha256', key).update(content).digest().subarray(0, MAC_BYTES);
