import { Inject, Injectable } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';

import { CONFIGURATION, type SettingValues } from '#config';
import { Clock, type EpochMilliseconds, MINUTE, SECOND, coreErrors } from '#core';
import { parseStrictJson } from '#crypto';

import type { jwksUrlSettings } from './settings.js';

const KEPT_FOR = 5 * MINUTE;
/** How long a key set is not asked for again because of a token of an unknown key: such tokens cost their senders nothing. */
const COOL_DOWN = 10 * SECOND;
const ANSWER_WITHIN = 3 * SECOND;
const BYTES_MAX = 64 * 1024;
const KEPT_MAX = 200;

/**
 * Reads key sets over the network, and only from URLs that the operator listed: what a tenant writes into a profile must
 * not make this server call whatever it likes.
 */
@Injectable()
export class JwksUrls {
  readonly #kept = new Map<string, { readonly jwks: JSONWebKeySet; readonly until: EpochMilliseconds }>();
  readonly #pending = new Map<string, Promise<JSONWebKeySet>>();
  readonly #askedAgainAt = new Map<string, EpochMilliseconds>();

  readonly #allowed: readonly string[];

  constructor(
    @Inject(CONFIGURATION) { jwksUrls }: SettingValues<typeof jwksUrlSettings>,
    private readonly clock: Clock,
  ) {
    this.#allowed = jwksUrls;
  }

  /** @throws BUSY where the keys cannot be had now, INVALID_CREDENTIALS where the URL is not on the list */
  async read(url: string): Promise<JSONWebKeySet> {
    if (!this.#allowed.includes(url)) {
      throw coreErrors.INVALID_CREDENTIALS('The key set of the issuer is not on the list of this installation');
    }
    const now = this.clock.now();
    const known = this.#kept.get(url);
    // One that is kept for longer was read while the clock was ahead.
    if (known && known.until > now && known.until <= now + KEPT_FOR) return known.jwks;
    return this.#fetch(url);
  }

  /**
   * The keys as they are now, for a token of a key that is not among them (OpenID Connect Core 1.0 §10.1.1). The URL is
   * asked once in a cool-down; in between the answer is what is known.
   * @throws as `read`
   */
  async readAgain(url: string): Promise<JSONWebKeySet> {
    const pending = this.#pending.get(url);
    if (pending) return pending;
    const now = this.clock.now();
    const askedAt = this.#askedAgainAt.get(url);
    // An instant of the future was noted while the clock was ahead.
    if (askedAt !== undefined && askedAt <= now && now < askedAt + COOL_DOWN) return this.read(url);
    if (this.#askedAgainAt.size >= KEPT_MAX) this.#askedAgainAt.clear();
    this.#askedAgainAt.set(url, now);
    return this.#fetch(url);
  }

  /** Those that ask at the same time wait for one answer. */
  #fetch(url: string): Promise<JSONWebKeySet> {
    const pending = this.#pending.get(url);
    if (pending) return pending;
    const fetched = fetchJwks(url)
      .then((jwks) => {
        if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
        this.#kept.set(url, { jwks, until: this.clock.now() + KEPT_FOR });
        return jwks;
      })
      .finally(() => this.#pending.delete(url));
    this.#pending.set(url, fetched);
    return fetched;
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

const isKeySet = (value: unknown): value is JSONWebKeySet => {
  const { keys } = (value ?? {}) as { keys?: unknown };
  return Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
};

const unavailable = (cause?: unknown): Error =>
  coreErrors.BUSY({ detail: 'The key set of the issuer cannot be read now', retryAfterSeconds: 5, cause });
