import { Inject, Injectable } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';

import { CONFIGURATION, type SettingValues } from '#config';
import { Clock, SECOND, coreErrors } from '#core';
import { parseStrictJson } from '#crypto';
import { DocumentCache, isKeySet } from '#issuers';

import type { jwksUrlSettings } from './settings.js';

const ANSWER_WITHIN = 3 * SECOND;
const BYTES_MAX = 64 * 1024;

/**
 * Reads key sets over the network, and only from URLs that the operator listed: what a tenant writes into a profile must
 * not make this server call whatever it likes.
 */
@Injectable()
export class JwksUrls {
  readonly #keySets: DocumentCache<JSONWebKeySet>;
  readonly #allowed: readonly string[];

  constructor(@Inject(CONFIGURATION) { jwksUrls }: SettingValues<typeof jwksUrlSettings>, clock: Clock) {
    this.#allowed = jwksUrls;
    this.#keySets = new DocumentCache(clock, fetchJwks);
  }

  /** @throws BUSY where the keys cannot be had now, INVALID_CREDENTIALS where the URL is not on the list */
  async read(url: string): Promise<JSONWebKeySet> {
    this.#requireListed(url);
    return this.#keySets.read(url);
  }

  /** The keys as they are now, for a token of a key that is not among them. @throws as `read` */
  async readAgain(url: string): Promise<JSONWebKeySet> {
    this.#requireListed(url);
    return this.#keySets.readAgain(url);
  }

  #requireListed(url: string): void {
    if (this.#allowed.includes(url)) return;
    throw coreErrors.INVALID_CREDENTIALS('The key set of the issuer is not on the list of this installation');
  }
}

/** A redirect would lead away from the list, so none is followed. */
async function fetchJwks(url: string): Promise<JSONWebKeySet> {
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(ANSWER_WITHIN) });
    const parsed = parseStrictJson(await readBounded(answer));
    if (answer.ok && parsed.ok && isKeySet(parsed.value)) return parsed.value;
  } catch (error) {
    throw unavailable(error);
  }
  throw unavailable();
}

async function readBounded({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX) throw new Error('The key set is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const unavailable = (cause?: unknown): Error =>
  coreErrors.BUSY({ detail: 'The key set of the issuer cannot be read now', retryAfterSeconds: 5, cause });
