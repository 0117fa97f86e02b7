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
 * Reads key sets from URLs that the operator lists. A tenant must not be able to make this server call any URL through a
 * profile.
 */
@Injectable()
export class JwksUrls {
  readonly #keySets: DocumentCache<JSONWebKeySet>;
  readonly #allowed: readonly string[];

  constructor(@Inject(CONFIGURATION) { jwksUrls }: SettingValues<typeof jwksUrlSettings>, clock: Clock) {
    this.#allowed = jwksUrls;
    this.#keySets = new DocumentCache(clock, fetchJwks);
  }

  /** @throws BUSY if the keys cannot be read now, INVALID_CREDENTIALS if the URL is not on the list */
  async read(url: string): Promise<JSONWebKeySet> {
    this.#requireListed(url);
    return this.#keySets.read(url);
  }

  /** Reads the keys again, for a token whose key is missing. @throws as `read` */
  async readAgain(url: string): Promise<JSONWebKeySet> {
    this.#requireListed(url);
    return this.#keySets.readAgain(url);
  }

  #requireListed(url: string): void {
    if (this.#allowed.includes(url)) return;
    throw coreErrors.INVALID_CREDENTIALS('The key set of the issuer is not on the list of this installation');
  }
}

/** Redirects are not followed: their target is not on the list. */
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
