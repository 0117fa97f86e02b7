import type { TokenTrial as TriedToken, Trust as Row, Trusts } from '#service-keys';
import type { Rfc3339 } from '#core';
import {
  Choice,
  Flag,
  Identifier,
  Instant,
  Items,
  JsonObject,
  NameText,
  Nested,
  Text,
  WholeNumber,
} from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf } from './page.contract.js';

const TTL_SECONDS_MAX = 3_600;
export const TTL_SECONDS_DEFAULT = 900;
const CLAIMS_BYTES_MAX = 4_096;
const JWKS_BYTES_MAX = 16_384;

const Name = () => NameText({ max: 100, description: 'Purpose', example: 'deployments of the shop' });
const Issuer = () =>
  Text({
    max: 500,
    description: 'Identifier of the issuer: `https:`, with a public address unless the installation permits others',
    example: 'https://token.actions.githubusercontent.com',
  });
const Audience = () =>
  Text({ max: 255, description: 'The only `aud` of the tokens, exact', example: 'https://chancery.example' });
const Subject = (options = {}) =>
  Text({
    max: 255,
    description:
      'The `sub` of the tokens: exact, or a pattern in which `*` matches any characters except `/` and `:`. If ' +
      'absent, only the claims decide',
    example: 'repo:octo-org/octo-repo:environment:production',
    ...options,
  });
const Claims = (options = {}) =>
  JsonObject({
    maxBytes: CLAIMS_BYTES_MAX,
    description:
      'Other required claims, exact or as a pattern; a name that begins with `/` is a JSON pointer (RFC 6901). ' +
      'For GitHub Actions, include `repository_id` or `repository_owner_id`',
    example: { repository_id: '74' },
    ...options,
  });
const TtlSeconds = (options = {}) =>
  WholeNumber({
    min: 60,
    max: TTL_SECONDS_MAX,
    description: 'Seconds for which a credential is valid',
    example: TTL_SECONDS_DEFAULT,
    ...options,
  });
const SingleUse = (options = {}) =>
  Flag({
    description:
      'Whether a token can be exchanged only once; not for token files that are read repeatedly, as in Kubernetes',
    example: false,
    ...options,
  });

export class NewTrust {
  @Name() name: string;
  @Issuer() issuer: string;
  @Audience() audience: string;
  @Subject({ optional: true }) subject?: string;
  @Claims({ optional: true, default: {} }) claims?: Record<string, unknown>;
  @JsonObject({
    optional: true,
    maxBytes: JWKS_BYTES_MAX,
    description: 'The keys of an issuer that this server cannot reach (RFC 7517 §5); default: read from the issuer',
    example: { keys: [] },
  })
  jwks?: Record<string, unknown>;
  @TtlSeconds({ optional: true, default: TTL_SECONDS_DEFAULT }) ttlSeconds?: number;
  @SingleUse({ optional: true, default: false }) singleUse?: boolean;
}

export class Trust {
  @Identifier({ description: 'Id of the trust' }) id: string;
  @Identifier({ description: 'Id of the service' }) serviceId: string;
  @Name() name: string;
  @Issuer() issuer: string;
  @Audience() audience: string;
  @Subject({ nullable: true }) subject: string | null;
  @Claims() claims: Record<string, string>;
  @Choice(['issuer', 'trust'], { description: 'Source of the keys: the issuer, or the trust' })
  keysFrom: 'issuer' | 'trust';
  @TtlSeconds() ttlSeconds: number;
  @SingleUse() singleUse: boolean;
  @Identifier({ description: 'Id of the user or the service account that created it' }) createdBy: string;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ nullable: true, description: 'When a token was last exchanged under it' }) lastUsedAt: Rfc3339 | null;
}

export class TrustPage extends PageOf(Trust) {}

const TRUSTS_MAX = 20;
const TOKEN_CHARACTERS_MAX = 16_384;
const Reason = (description: string) => Text({ nullable: true, description, example: 'CLAIM_NOT_TRUSTED' });

export class TokenToTry {
  @Text({
    max: TOKEN_CHARACTERS_MAX,
    description: "A workload's token from its own issuer (a signed JWT)",
    example: 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0.c2lnbmF0dXJl',
  })
  token: string;
}

export class TrustTrial {
  @Identifier({ description: 'Id of the trust' }) trustId: string;
  @Name() name: string;
  @Reason('Code of the reason why this trust does not accept the token; null: it does') code: string | null;
  @Text({
    nullable: true,
    description: 'The claim that does not match the rules, if that is the reason',
    example: 'repository_id',
  })
  claim: string | null;
}

export class TokenTrial {
  @Flag({ description: 'Whether the token would be accepted now, from an address that the service permits' })
  accepted: boolean;
  @Reason('Code of the rejection, as in the history; null: it would be accepted') code: string | null;
  @Items(Nested(() => TrustTrial), {
    maxItems: TRUSTS_MAX,
    description: "The decision of each trust with the token's issuer; empty if there is none or the token is malformed",
  })
  trusts: TrustTrial[];
}

export const presentTrial = ({ reason, trusts }: TriedToken): TokenTrial => ({
  accepted: reason === null,
  code: reason,
  trusts: trusts.map(({ reason: code, ...trial }) => ({ ...trial, code })),
});

/** The trust that is asked for, with the defaults of what is left out. */
export const trustOf = ({ claims = {}, ...body }: NewTrust): Parameters<Trusts['create']>[2] => ({
  name: body.name,
  issuer: body.issuer,
  audience: body.audience,
  subject: body.subject ?? null,
  claims: claims as Record<string, string>,
  jwks: body.jwks ?? null,
  ttlSeconds: body.ttlSeconds ?? TTL_SECONDS_DEFAULT,
  singleUse: body.singleUse ?? false,
});

export const presentTrust = (row: Row): Trust =>
  present(Trust, { ...row, keysFrom: row.jwks === null ? 'issuer' : 'trust' });
