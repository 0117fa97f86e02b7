import { Transform } from 'class-transformer';

import type { Json, Rfc3339 } from '#core';
import { KID_PATTERN } from '#crypto';
import {
  type NewTokenProfile,
  SYSTEM_USER_TOKEN,
  PROFILE_DEFAULTS,
  type ProfileDeletionImpact,
  type TokenProfile,
  type TokenProfileChange,
  formatNames,
  formats,
} from '#signing';

import { Choice, Flag, Identifier, Instant, Items, JsonObject, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { NamedPageQuery, PageOf } from './page.contract.js';

const KEY_EXAMPLE = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
const KID_EXAMPLE = '5b8d3c1e-7a44-4f0e-9d56-2f1c8e7b9a10';
const VERSIONS = [...new Set([...formats.values()].flatMap(({ versions = [] }) => versions))];
const LONGEST_TTL_SECONDS = 2_592_000;
const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;

export class TokenProfileQuery extends NamedPageQuery {
  @Identifier({ optional: true, description: 'Only those that sign with this key' }) keyId?: string;
}

/** Changes to a profile; its name and format are fixed. */
export class TokenProfileChangeRequest {
  @Identifier({ optional: true, example: KEY_EXAMPLE, description: 'The key that signs' })
  keyId?: string;

  @Text({
    optional: true,
    max: 128,
    pattern: KID_PATTERN,
    example: KID_EXAMPLE,
    description: 'The certificate that names the key: `xima-licensing` only. Without `keyId` the profile only verifies',
  })
  certificateKid?: string;

  @Text({
    optional: true,
    max: 500,
    example: 'https://tokens.example.com',
    description:
      '`iss`; default: the tenant’s URL (`jwt`) or the service’s id (`webex-connect`); required if the vendor ' +
      'identifies you by it (company name in `ccai-user`, customer id in `telesign-app-verify`)',
  })
  issuer?: string;

  @Items(Text(), {
    optional: true,
    maxItems: 20,
    unique: true,
    example: ['https://api.partner.example'],
    description: 'The permitted audiences of a token; empty: the caller chooses',
  })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value))
  audience?: string[];

  @WholeNumber({
    optional: true,
    min: 1,
    max: LONGEST_TTL_SECONDS,
    default: PROFILE_DEFAULTS.ttlSeconds,
    example: 300,
    description: 'Default lifetime in seconds',
  })
  ttlSeconds?: number;

  @WholeNumber({
    optional: true,
    min: 1,
    max: LONGEST_TTL_SECONDS,
    default: PROFILE_DEFAULTS.maxTtlSeconds,
    example: 3600,
    description: 'Maximum lifetime in seconds that a caller may request',
  })
  maxTtlSeconds?: number;

  @WholeNumber({
    optional: true,
    min: 0,
    max: 600,
    default: PROFILE_DEFAULTS.skewSeconds,
    example: 60,
    description: 'Clock tolerance in seconds when a token is verified',
  })
  skewSeconds?: number;

  @JsonObject({
    optional: true,
    maxBytes: 8_192,
    example: { plan: 'gold' },
    description: 'Claims that every token carries',
  })
  fixedClaims?: { readonly [name: string]: Json };

  @Items(Text({ max: 128 }), {
    optional: true,
    maxItems: 100,
    unique: true,
    example: ['scope'],
    description: 'Claims that a caller may set; `*` means all',
  })
  allowedClaims?: string[];

  @Items(Text({ max: 128 }), {
    optional: true,
    maxItems: 100,
    unique: true,
    example: ['scope'],
    description: 'Claims that a token must have',
  })
  requiredClaims?: string[];

  @Choice(VERSIONS, { optional: true, example: 'v1', description: 'Version of the format, for `xima-licensing`' })
  version?: string;

  @JsonObject({
    optional: true,
    maxBytes: 32_768,
    example: {},
    description: 'Settings of the format; see `docs/token-formats.md`',
  })
  settings?: { readonly [name: string]: Json };
}

export class TokenProfileRequest extends TokenProfileChangeRequest {
  @Text({ max: 64, pattern: NAME, example: 'partner-api', description: 'Name that services use in requests' })
  name: string;

  @Choice(formatNames, { example: 'jwt' })
  format: string;
}

export class SystemUserTokenRequest {
  @Text({
    max: 255,
    pattern: SYSTEM_USER_TOKEN,
    example: 'Application Name-pzqc70604i',
    description: 'System user token that SuperOffice issued for the customer; stored encrypted',
  })
  systemUserToken: string;
}

/** The version of the format, as the domain calls it: there `version` is that of the row. */
export const toNewProfile = ({ version, ...request }: TokenProfileRequest): NewTokenProfile => ({
  ...request,
  formatVersion: version,
});

export const toProfileChange = ({ version, ...request }: TokenProfileChangeRequest): TokenProfileChange => ({
  ...request,
  formatVersion: version,
});

export class TokenProfileAnswer {
  @Identifier({ example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2d' })
  id: string;

  @Text({ max: 64, example: 'partner-api' })
  name: string;

  @Choice(formatNames, { example: 'jwt' })
  format: string;

  @Identifier({ nullable: true, example: KEY_EXAMPLE })
  keyId: string | null;

  @Text({ nullable: true, max: 128, example: KID_EXAMPLE })
  certificateKid: string | null;

  @Text({ nullable: true, max: 500, example: 'https://tokens.example.com' })
  issuer: string | null;

  @Items(Text(), { maxItems: 20, example: ['https://api.partner.example'] })
  audience: readonly string[];

  @WholeNumber({ example: 300 })
  ttlSeconds: number;

  @WholeNumber({ example: 3600 })
  maxTtlSeconds: number;

  @WholeNumber({ example: 60 })
  skewSeconds: number;

  @JsonObject({ example: { plan: 'gold' } })
  fixedClaims: { readonly [name: string]: Json };

  @Items(Text({ max: 128 }), { maxItems: 100, example: ['scope'] })
  allowedClaims: readonly string[];

  @Items(Text({ max: 128 }), { maxItems: 100, example: ['scope'] })
  requiredClaims: readonly string[];

  @Choice(VERSIONS, { nullable: true, example: 'v1', description: 'Version of the format; null: the first' })
  version: string | null;

  @JsonObject({ example: {}, description: 'Settings of the format' })
  settings: { readonly [name: string]: Json };

  @Flag({ description: 'Whether a system user token is stored: `superoffice-system-user` only', example: false })
  hasSystemUserToken: boolean;

  @WholeNumber({ example: 1, description: 'Increases with each change; the ETag' })
  revision: number;

  @Instant()
  createdAt: Rfc3339;

  @Instant()
  updatedAt: Rfc3339;
}

export class TokenProfilePage extends PageOf(TokenProfileAnswer) {}

export const presentTokenProfile = (profile: TokenProfile): TokenProfileAnswer =>
  present(TokenProfileAnswer, {
    ...profile,
    version: profile.formatVersion,
    hasSystemUserToken: profile.sealedSystemUserToken !== null,
    revision: profile.version,
  });

const SERVICES_SHOWN_MAX = 10_000;

export class TokenProfileDeletionEffect {
  @Items(Text({ max: 100 }), {
    maxItems: SERVICES_SHOWN_MAX,
    example: ['billing'],
    description: 'Services with a grant for this profile, which could no longer sign with it',
  })
  services: readonly string[];
}

export class TokenProfileDeletionDryRun {
  @Flag({ description: 'Whether the profile would be deleted without `force`', example: false })
  allowed: boolean;

  @Text({ optional: true, description: 'Code of the rejection', example: 'PROFILE_IN_USE' })
  code?: string;

  @Nested(() => TokenProfileDeletionEffect, { description: 'Dependent resources' })
  impact: TokenProfileDeletionEffect;
}

export const presentDeletionDryRun = ({ services, ...decision }: ProfileDeletionImpact): TokenProfileDeletionDryRun =>
  present(TokenProfileDeletionDryRun, { ...decision, impact: { services } });
