import { Injectable } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';

import {
  DAY,
  DomainError,
  type EpochMilliseconds,
  type Json,
  type Origin,
  SECOND,
  coreErrors,
  platformScope,
} from '#core';
import { Database } from '#database';
import { type Claims, provenClaims, readUnproven } from '#issuers';
import { FailedAuthentications, sourceOf } from '#service-keys';
import { tenantErrors, tenantState } from '#tenants';

import { checkTimes } from './claims.js';
import { TokenProfile } from './entities.js';
import { profileErrors } from './errors.js';
import { JwksUrls } from './jwks-urls.js';

/** The issuers whose ID tokens a profile accepts. */
interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks?: JSONWebKeySet;
  readonly jwksUrl?: string;
  /** Which claim of the ID token becomes which of ours. */
  readonly claims?: { readonly identifier?: string; readonly name?: string; readonly email?: string };
}

/** A user of whom a trusted issuer has said who it is. */
interface TrustedUser {
  readonly tenantId: string;
  readonly profile: string;
  /** The version of the profile that trusts the issuer. */
  readonly profileVersion: number;
  /** What the format takes as its input. */
  readonly user: { readonly identifier: string; readonly name: string; readonly email: string };
}

interface Narrowed {
  readonly profile?: string | undefined;
  readonly tenantId?: string | undefined;
}

const CANDIDATES_MAX = 50;
/** The expiry of ID tokens is checked; their lifetime is a matter of their issuer. */
const ANY_LIFETIME_SECONDS = (3_650 * DAY) / SECOND;

/** Turns the ID token of an end user into the user that a profile may make a token for. */
@Injectable()
export class TrustedUsers {
  constructor(
    private readonly database: Database,
    private readonly urls: JwksUrls,
    private readonly failures: FailedAuthentications,
  ) {}

  /**
   * @param narrowed names of a profile and a tenant, where several trust the same issuer for the same audience
   * @throws INVALID_CREDENTIALS, AMBIGUOUS_PROFILE, TENANT_SUSPENDED; RATE_LIMITED in place of INVALID_CREDENTIALS where
   * the address is beyond its quota of failures
   */
  async identify(origin: Origin, idToken: string, narrowed: Narrowed): Promise<TrustedUser> {
    try {
      return await this.check(origin, idToken, narrowed);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== coreErrors.INVALID_CREDENTIALS.code) throw error;
      throw await this.failures.count(sourceOf(origin.sourceAddress), error);
    }
  }

  private async check(origin: Origin, idToken: string, narrowed: Narrowed): Promise<TrustedUser> {
    const unproven = readUnproven(idToken);
    if (!unproven) throw invalid('is no ID token');
    const { profile, trusted, now } = await this.find(origin, unproven, narrowed);
    const claims = await this.prove(idToken, trusted);
    if (!isFor(claims, trusted)) throw invalid('is not for this audience');
    const { skewSeconds } = profile;
    if (checkTimes(claims, { skewSeconds, maxTtlSeconds: ANY_LIFETIME_SECONDS }, now))
      throw invalid('has expired or is not valid yet');
    const { tenantId, name, version } = profile;
    return { tenantId, profile: name, profileVersion: version, user: userIn(claims, trusted) };
  }

  private async find(
    origin: Origin,
    unproven: Claims,
    narrowed: Narrowed,
  ): Promise<{ profile: TokenProfile; trusted: TrustedIssuer; now: EpochMilliseconds }> {
    return this.database.readPlatform(platformScope(origin), async (view) => {
      const where = {
        trustedIssuer: unproven['iss'] as string,
        ...(narrowed.profile === undefined ? {} : { name: narrowed.profile }),
        ...(narrowed.tenantId === undefined ? {} : { tenantId: narrowed.tenantId }),
      };
      const rows = await view.find(TokenProfile, where, { order: { id: 'ASC' }, limit: CANDIDATES_MAX });
      const fitting = rows
        .map((profile) => ({ profile, trusted: profile.settings['trustedIssuer'] as unknown as TrustedIssuer }))
        .filter(({ trusted }) => isFor(unproven, trusted));
      const [match, ...others] = fitting;
      if (!match) throw invalid('is of no issuer and audience that a token profile trusts');
      if (others.length > 0) throw profileErrors.AMBIGUOUS_PROFILE();
      const state = await tenantState(view, match.profile.tenantId);
      if (state === 'suspended') throw tenantErrors.TENANT_SUSPENDED();
      if (state !== 'active') throw invalid('is of no issuer and audience that a token profile trusts');
      return { ...match, now: view.now };
    });
  }

  private async prove(idToken: string, { jwks, jwksUrl }: TrustedIssuer): Promise<Claims> {
    const kept = { read: async () => jwks! };
    const read = { read: () => this.urls.read(jwksUrl!), readAgain: () => this.urls.readAgain(jwksUrl!) };
    const claims = await provenClaims(idToken, jwks ? kept : read);
    if (!claims) throw invalid('is not signed by a key of its issuer');
    return claims;
  }
}

const invalid = (why: string): Error => coreErrors.INVALID_CREDENTIALS(`The ID token ${why}`);

/** OpenID Connect Core 1.0 §3.1.3.7: the issuer exactly, the audience among several only as the authorized party. */
function isFor({ iss, aud, azp }: Claims, { issuer, audience }: TrustedIssuer): boolean {
  if (iss !== issuer) return false;
  if (azp !== undefined && azp !== audience) return false;
  return Array.isArray(aud) ? aud.includes(audience) && (aud.length === 1 || azp === audience) : aud === audience;
}

/** Some issuers write the boolean of OpenID Connect Core 1.0 §5.1 as text; an issuer that says nothing is trusted. */
const VERIFIED: ReadonlySet<unknown> = new Set([undefined, true, 'true']);

function userIn(claims: Claims, { claims: names = {} }: TrustedIssuer): TrustedUser['user'] {
  const { identifier = 'sub', name = 'name', email = 'email' } = names;
  if (email === 'email' && !VERIFIED.has(claims['email_verified'])) throw invalid('has an unverified e-mail address');
  return {
    identifier: textOf(claims, identifier),
    name: textOf(claims, name),
    email: textOf(claims, email),
  };
}

function textOf(claims: Claims, name: string): string {
  const value: Json | undefined = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value !== 'string' || value === '' || value.length > 255) throw invalid(`has no usable claim \`${name}\``);
  return value;
}
