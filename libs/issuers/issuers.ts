import { Inject, Injectable } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';

import { CONFIGURATION, type SettingValues } from '#config';
import { Clock, type Json, SECOND, coreErrors } from '#core';
import { parseStrictJson } from '#crypto';
import { type DestinationPolicy, type SendError, requireDestination, send } from '#outbound';

import { DocumentCache } from './document-cache.js';
import { issuerErrors } from './errors.js';
import type { issuerSettings } from './settings.js';
import { type KeySource, isKeySet } from './signed-claims.js';

/** What an issuer says of itself (OpenID Connect Discovery 1.0 §3), as far as it was checked. */
export interface IssuerMetadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly [member: string]: Json | undefined;
}

const ANSWER_WITHIN = 5 * SECOND;
const BYTES_MAX = 64 * 1024;

const REASONS: Readonly<Record<SendError, string>> = {
  ADDRESS_NOT_ALLOWED: 'this installation sends nothing to that address',
  NAME_NOT_FOUND: 'its name cannot be resolved',
  CERTIFICATE_REJECTED: 'its certificate is rejected',
  TIMED_OUT: 'it did not answer in time',
  CONNECTION_FAILED: 'the connection failed',
  ANSWER_TOO_LARGE: 'the answer is too large',
};

/** Issuers of OpenID Connect: what they publish, read within what this installation may reach. */
@Injectable()
export class Issuers {
  readonly #policy: DestinationPolicy;
  readonly #listed: readonly string[];
  readonly #metadata: DocumentCache<IssuerMetadata>;
  readonly #keySets: DocumentCache<JSONWebKeySet>;

  constructor(
    @Inject(CONFIGURATION)
    { issuerUrls, issuerNetworks, issuerPlainHttp }: SettingValues<typeof issuerSettings>,
    clock: Clock,
  ) {
    this.#listed = issuerUrls;
    this.#policy = { networks: issuerNetworks, plainHttp: issuerPlainHttp };
    this.#metadata = new DocumentCache(clock, (issuer) => this.#loadMetadata(issuer));
    this.#keySets = new DocumentCache(clock, async (url) => {
      const document = await this.#readJson(url);
      if (!isKeySet(document)) throw unusable(`${url} is no JSON Web Key Set of at most 100 keys`);
      return document;
    });
  }

  /** Whether requests to issuers may go by plain `http:`. */
  get plainHttp(): boolean {
    return this.#policy.plainHttp;
  }

  /**
   * Whether the text can be the identifier of an issuer here (OpenID Connect Discovery 1.0 §3): a URL without query and
   * fragment that this installation permits.
   * @throws VALIDATION_ERROR
   */
  requireIssuer(issuer: string, pointer = '/issuer'): void {
    requireDestination(issuer, this.#policy, pointer);
    const refuse = (code: string, detail: string): Error =>
      coreErrors.VALIDATION_ERROR({ errors: [{ pointer, code, detail }] });
    if (new URL(issuer).search !== '') throw refuse('INVALID_URL', 'a URL without a query is expected');
    this.requireListed(issuer, pointer);
  }

  /** Whether the operator permits the issuer; for one whose keys are given, and which is never asked. @throws VALIDATION_ERROR */
  requireListed(issuer: string, pointer = '/issuer'): void {
    if (this.#isListed(issuer)) return;
    const detail = 'the issuer is not in the list of this installation (CHANCERY_ISSUERS)';
    throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer, code: 'ISSUER_NOT_LISTED', detail }] });
  }

  /** What the issuer publishes about itself, at most five minutes old. @throws ISSUER_UNUSABLE */
  async metadata(issuer: string): Promise<IssuerMetadata> {
    this.#requireListed(issuer);
    return this.#metadata.read(issuer);
  }

  /** The same, read again for a person who wants to know; once in ten seconds. @throws ISSUER_UNUSABLE */
  async metadataNow(issuer: string): Promise<IssuerMetadata> {
    this.#requireListed(issuer);
    return this.#metadata.readAgain(issuer);
  }

  /** The keys of an issuer, for `provenClaims`. Its methods throw ISSUER_UNUSABLE. */
  keysOf(issuer: string): KeySource & Required<KeySource> {
    return {
      read: async () => this.#keySets.read((await this.metadata(issuer)).jwks_uri),
      readAgain: async () => this.#keySets.readAgain((await this.metadata(issuer)).jwks_uri),
    };
  }

  /** Likewise for an issuer that is not asked: its keys were given. */
  givenKeysOf(issuer: string, keys: JSONWebKeySet): KeySource {
    return {
      read: async () => {
        this.#requireListed(issuer);
        return keys;
      },
    };
  }

  /** Like `fetch`, for a library that speaks to an issuer by itself: within the same bounds. @throws ISSUER_UNUSABLE */
  readonly fetch = async (
    url: string,
    { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: unknown },
  ): Promise<Response> => {
    const text = body === undefined || body === null ? undefined : String(body);
    const answer = await this.#send(url, method, headers, text);
    const type = answer.headers['content-type'];
    return new Response(new Uint8Array(answer.body), {
      status: answer.status,
      headers: type === undefined ? {} : { 'content-type': type },
    });
  };

  #isListed(issuer: string): boolean {
    return this.#listed.length === 0 || this.#listed.includes(issuer);
  }

  /** The list can have become shorter since the issuer was accepted. */
  #requireListed(issuer: string): void {
    if (!this.#isListed(issuer)) throw unusable('it is not in the list of this installation (CHANCERY_ISSUERS)');
  }

  async #loadMetadata(issuer: string): Promise<IssuerMetadata> {
    const document = await this.#readJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { issuer: named, jwks_uri: keys } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
    // OpenID Connect Discovery 1.0 §4.3: otherwise one issuer could speak for another.
    if (named !== issuer) throw unusable('its document names another issuer');
    if (typeof keys !== 'string' || !URL.canParse(keys)) throw unusable('its document names no `jwks_uri`');
    return document as unknown as IssuerMetadata;
  }

  async #readJson(url: string): Promise<Json> {
    const { status, body } = await this.#send(url, 'GET', { accept: 'application/json' });
    if (status !== 200) throw unusable(`${url} was answered with the status ${status}`);
    const parsed = parseStrictJson(body);
    if (!parsed.ok) throw unusable(`${url} is no JSON`);
    return parsed.value;
  }

  async #send(url: string, method: string, headers: Record<string, string>, body?: string) {
    if (!URL.canParse(url)) throw unusable('its document names no URL where one is expected');
    const request = { url, method, headers, body, bodyBytesMax: BYTES_MAX, withinMilliseconds: ANSWER_WITHIN };
    const outcome = await send(request, this.#policy);
    if ('error' in outcome) throw unusable(REASONS[outcome.error]);
    return outcome;
  }
}

const unusable = (why: string): Error => issuerErrors.ISSUER_UNUSABLE(`The issuer cannot be used: ${why}`);
