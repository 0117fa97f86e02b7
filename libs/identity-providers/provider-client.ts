import { createHmac } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import {
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  None,
  type ServerMetadata,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  customFetch,
  enableNonRepudiationChecks,
  fetchUserInfo,
} from 'openid-client';

import { DomainError, type EpochMilliseconds, MINUTE, SECOND, type Secret } from '#core';
import { type IssuerMetadata, Issuers, issuerErrors } from '#issuers';

import type { IdentityProvider } from './entities.js';
import { identityProviderErrors } from './errors.js';

/** A provider with the secret of this client. */
export interface ConnectedProvider {
  readonly provider: IdentityProvider;
  readonly clientSecret: Secret | undefined;
}

/** What a browser brought back from a provider (RFC 6749 §4.1.2, RFC 9207). */
export interface ProviderAnswer {
  readonly state: string;
  readonly code?: string | undefined;
  readonly error?: string | undefined;
  readonly iss?: string | undefined;
}

/** A sign-in as it was begun. */
export interface BegunAtProvider {
  /** Of the browser; everything that the answer is bound to follows from it. */
  readonly secret: Secret;
  readonly redirectUri: string;
  /** Whether the person must sign in again, however recently they did. */
  readonly again: boolean;
}

export type ProviderClaims = Readonly<Record<string, unknown>> & { readonly sub: string };

/** OpenID Connect Core 1.0 §2: at most 255 ASCII characters. Databases compare text without the blanks at its end. */
const SUBJECT = /^(?!.* $)[\x20-\x7e]{1,255}$/;
/** `auth_time` is in whole seconds, by another clock. */
const CLOCK_SKEW = MINUTE;
/** Longer than a sign-in may take: the exact instant is compared below. */
const AGAIN_WITHIN_SECONDS = 3_600;

const derived = ({ secret }: Pick<BegunAtProvider, 'secret'>, purpose: string): string =>
  createHmac('sha256', secret.reveal()).update(purpose).digest('base64url');

/** This installation as a client of OpenID Providers: the code flow with PKCE, state, nonce and `iss`. */
@Injectable()
export class ProviderClient {
  constructor(private readonly issuers: Issuers) {}

  /** Where the browser goes to sign in. @throws ISSUER_UNUSABLE */
  async authorizationUrl(connected: ConnectedProvider, begun: BegunAtProvider): Promise<string> {
    const configuration = await this.configure(connected);
    this.requirePage(configuration.serverMetadata().authorization_endpoint);
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: begun.redirectUri,
      scope: connected.provider.scopes.join(' '),
      state: derived(begun, 'state'),
      nonce: derived(begun, 'nonce'),
      code_challenge: await calculatePKCECodeChallenge(derived(begun, 'verifier')),
      code_challenge_method: 'S256',
      ...(begun.again ? { max_age: '0', prompt: 'login' } : {}),
    });
    return url.href;
  }

  /**
   * Redeems the code: what the provider says of the person, by an ID token whose signature, issuer, audience, authorized
   * party, nonce and times are those of this sign-in (OpenID Connect Core 1.0 §3.1.3.7).
   * @param since when the sign-in was begun
   * @throws IDENTITY_REJECTED, ISSUER_UNUSABLE
   */
  async redeem(
    connected: ConnectedProvider,
    begun: BegunAtProvider,
    answer: ProviderAnswer,
    since: EpochMilliseconds,
  ): Promise<ProviderClaims> {
    const configuration = await this.configure(connected);
    const url = new URL(begun.redirectUri);
    for (const [name, value] of Object.entries(answer)) if (value !== undefined) url.searchParams.set(name, value);
    try {
      const tokens = await authorizationCodeGrant(configuration, url, {
        expectedState: derived(begun, 'state'),
        expectedNonce: derived(begun, 'nonce'),
        pkceCodeVerifier: derived(begun, 'verifier'),
        idTokenExpected: true,
        ...(begun.again ? { maxAge: AGAIN_WITHIN_SECONDS } : {}),
      });
      const claims: ProviderClaims = tokens.claims()!;
      const { azp, auth_time: authenticatedAt } = claims;
      if (!SUBJECT.test(claims.sub)) throw rejected('SUBJECT');
      // The library asks for it among several audiences only.
      if (azp !== undefined && azp !== connected.provider.clientId) throw rejected('AUTHORIZED_PARTY');
      if (begun.again && !(Number(authenticatedAt) * SECOND >= since - CLOCK_SKEW))
        throw rejected('NOT_SIGNED_IN_AGAIN');
      return await this.withUserInfo(configuration, connected.provider, claims, tokens.access_token);
    } catch (error) {
      throw meaningOf(error);
    }
  }

  /** The browser is sent there, whatever the document of the provider says: to a page, and never to a script. */
  private requirePage(endpoint: unknown): void {
    const protocol = typeof endpoint === 'string' ? URL.parse(endpoint)?.protocol : undefined;
    if (protocol === 'https:' || (protocol === 'http:' && this.issuers.plainHttp)) return;
    const detail = 'The issuer cannot be used: its document names no `authorization_endpoint` that a browser can open';
    throw issuerErrors.ISSUER_UNUSABLE(detail);
  }

  /** OpenID Connect Core 1.0 §5.4: what a scope asks for can be in the answer of the UserInfo endpoint only. */
  private async withUserInfo(
    configuration: Configuration,
    { groupsClaim }: IdentityProvider,
    claims: ProviderClaims,
    accessToken: string,
  ): Promise<ProviderClaims> {
    const isComplete = ['email', groupsClaim].every((name) => Object.hasOwn(claims, name));
    if (isComplete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    const more = await fetchUserInfo(configuration, accessToken, claims.sub);
    return { ...more, ...claims };
  }

  private async configure({ provider, clientSecret }: ConnectedProvider): Promise<Configuration> {
    const metadata = await this.issuers.metadata(provider.issuer);
    const authentication = clientSecret === undefined ? None() : clientAuthentication(metadata, clientSecret);
    // A new one for each sign-in: its keys are read when the ID token is there, so that a rotation is noticed.
    const configuration = new Configuration(metadata as ServerMetadata, provider.clientId, {}, authentication);
    configuration[customFetch] = async (url, options) =>
      this.issuers.fetch(url, { method: options.method, headers: options.headers, body: options.body });
    if (this.issuers.plainHttp) allowInsecureRequests(configuration);
    enableNonRepudiationChecks(configuration);
    return configuration;
  }
}

/** OpenID Connect Discovery 1.0 §3: `client_secret_basic` where the provider lists nothing. */
function clientAuthentication(metadata: IssuerMetadata, clientSecret: Secret) {
  const listed = metadata['token_endpoint_auth_methods_supported'];
  const isBasic = !Array.isArray(listed) || listed.includes('client_secret_basic');
  return (isBasic ? ClientSecretBasic : ClientSecretPost)(clientSecret.reveal());
}

const rejected = (reason: string): DomainError => identityProviderErrors.IDENTITY_REJECTED({ extensions: { reason } });

/** What the library found, as one of our errors. Its code says which check failed, and nothing about secrets. */
function meaningOf(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof DomainError) return cause;
  const { code } = (error ?? {}) as { code?: unknown };
  return rejected(typeof code === 'string' ? code : 'UNKNOWN');
}
