import { Injectable } from '@nestjs/common';

import { type Json, type InputError, type Page, type PageRequest, type TenantScope, coreErrors } from '#core';
import { uuidv7 } from '#crypto';
import { Database, type View } from '#database';
import { type KeyWithVersions, Keys } from '#keys';
import { raiseConfigVersion } from '#tenants';

import { TokenProfile } from './entities.js';
import { profileErrors } from './errors.js';
import { profileEvents } from './events.js';
import { formats } from './formats/index.js';
import type { ProfileFacts, TokenFormat } from './token-format.js';

/** What may be said about a profile; everything but name, format and key has a default. */
export interface NewTokenProfile {
  readonly name: string;
  readonly format: string;
  readonly keyId: string;
  readonly issuer?: string | undefined;
  readonly audience?: readonly string[] | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly maxTtlSeconds?: number | undefined;
  readonly skewSeconds?: number | undefined;
  readonly fixedClaims?: { readonly [name: string]: Json } | undefined;
  readonly allowedClaims?: readonly string[] | undefined;
  readonly requiredClaims?: readonly string[] | undefined;
}

export type TokenProfileChange = {
  readonly [Member in Exclude<keyof NewTokenProfile, 'name' | 'format'>]?: NewTokenProfile[Member] | undefined;
};

/** Where the tenants' own issuers live: `<public URL>/v1/tenants/<id>`. */
export abstract class IssuerUrls {
  abstract ofTenant(tenantId: string): string;
}

export const PROFILE_DEFAULTS = { ttlSeconds: 300, maxTtlSeconds: 3_600, skewSeconds: 60 } as const;

@Injectable()
export class TokenProfiles {
  constructor(
    private readonly database: Database,
    private readonly keys: Keys,
    private readonly issuers: IssuerUrls,
  ) {}

  /** @throws PROFILE_NAME_TAKEN, NOT_FOUND (key), KEY_DOES_NOT_SUIT_FORMAT, VALIDATION_ERROR */
  async create(scope: TenantScope, request: NewTokenProfile): Promise<TokenProfile> {
    const { key } = await this.keys.get(scope, request.keyId);
    return this.database.transaction(scope, async (tx) => {
      const ttlSeconds = request.ttlSeconds ?? PROFILE_DEFAULTS.ttlSeconds;
      const profile: TokenProfile = {
        id: uuidv7(tx.now),
        tenantId: scope.tenantId,
        name: request.name,
        format: request.format,
        keyId: request.keyId,
        certificateKid: null,
        issuer: request.issuer ?? null,
        audience: request.audience ?? [],
        ttlSeconds,
        maxTtlSeconds: request.maxTtlSeconds ?? Math.max(PROFILE_DEFAULTS.maxTtlSeconds, ttlSeconds),
        skewSeconds: request.skewSeconds ?? PROFILE_DEFAULTS.skewSeconds,
        fixedClaims: request.fixedClaims ?? {},
        allowedClaims: request.allowedClaims ?? [],
        requiredClaims: request.requiredClaims ?? [],
        formatVersion: null,
        settings: {},
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      this.check(profile, key);
      await tx.insert(TokenProfile, profile, { duplicate: () => profileErrors.PROFILE_NAME_TAKEN() });
      await raiseConfigVersion(tx);
      tx.record(profileEvents.created(profile.id, { after: visible(profile) }));
      return profile;
    });
  }

  async list(scope: TenantScope, page: PageRequest): Promise<Page<TokenProfile>> {
    return this.database.read(scope, (view) => view.page(TokenProfile, {}, [['id', 'ASC']], page));
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, name: string): Promise<TokenProfile> {
    return this.database.read(scope, (view) => view.get(TokenProfile, { name }));
  }

  /** @throws NOT_FOUND, PRECONDITION_FAILED, KEY_DOES_NOT_SUIT_FORMAT, VALIDATION_ERROR */
  async change(
    scope: TenantScope,
    name: string,
    change: TokenProfileChange,
    ifMatch: number | undefined,
  ): Promise<TokenProfile> {
    const { keyId } = await this.get(scope, name);
    const { key } = await this.keys.get(scope, change.keyId ?? keyId!);
    const set = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(TokenProfile, { name });
      this.check({ ...before, ...set }, key);
      const after = await tx.change(TokenProfile, before, { ...set, updatedAt: tx.now }, ifMatch);
      await raiseConfigVersion(tx);
      tx.record(profileEvents.changed(before.id, { before: visible(before), after: visible(after) }));
      return after;
    });
  }

  /** @throws NOT_FOUND, PRECONDITION_FAILED */
  async delete(scope: TenantScope, name: string, ifMatch: number | undefined): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const profile = await tx.lock(TokenProfile, { name });
      if (ifMatch !== undefined && ifMatch !== profile.version) throw coreErrors.PRECONDITION_FAILED();
      await tx.delete(TokenProfile, { id: profile.id });
      await raiseConfigVersion(tx);
      tx.record(profileEvents.deleted(profile.id, { before: visible(profile) }));
    });
  }

  /** A step: the profile and its format, ready to issue or verify. @throws NOT_FOUND */
  async resolve(
    view: View,
    name: string,
  ): Promise<{ profile: TokenProfile; facts: ProfileFacts; format: TokenFormat }> {
    const profile = await view.get(TokenProfile, { name });
    return { profile, facts: this.factsOf(profile), format: formats.get(profile.format)! };
  }

  private factsOf(profile: TokenProfile): ProfileFacts {
    return { ...profile, issuer: profile.issuer ?? this.issuers.ofTenant(profile.tenantId) };
  }

  private check(profile: TokenProfile, { algorithm, weak }: KeyWithVersions['key']): void {
    const format = formats.get(profile.format);
    if (!format) throw unknownFormat();
    if (!(format.algorithms as readonly string[]).includes(algorithm)) {
      throw profileErrors.KEY_DOES_NOT_SUIT_FORMAT(`${format.name} does not sign with ${algorithm}`);
    }
    if (weak && format.strongKeysOnly)
      throw profileErrors.KEY_DOES_NOT_SUIT_FORMAT(`${format.name} needs a strong key`);
    const errors = [...lifetimeErrors(profile), ...format.checkProfile(this.factsOf(profile))];
    if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
  }
}

const unknownFormat = (): Error =>
  coreErrors.VALIDATION_ERROR({
    errors: [{ pointer: '/format', code: 'UNKNOWN_FORMAT', detail: `one of ${[...formats.keys()].join(', ')}` }],
  });

const lifetimeErrors = ({ ttlSeconds, maxTtlSeconds }: TokenProfile): InputError[] =>
  ttlSeconds <= maxTtlSeconds
    ? []
    : [{ pointer: '/ttlSeconds', code: 'TTL_TOO_LONG', detail: 'must not be longer than maxTtlSeconds' }];

const visible = ({
  name,
  format,
  keyId,
  issuer,
  audience,
  ttlSeconds,
  maxTtlSeconds,
  skewSeconds,
  fixedClaims,
  allowedClaims,
  requiredClaims,
}: TokenProfile): Json => ({
  name,
  format,
  keyId,
  issuer,
  audience,
  ttlSeconds,
  maxTtlSeconds,
  skewSeconds,
  fixedClaims,
  allowedClaims,
  requiredClaims,
});
