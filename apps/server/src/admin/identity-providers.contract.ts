import type { Rfc3339 } from '#core';
import type { BegunSignIn, IdentityProvider as Row, TestedProvider } from '#identity-providers';
import { type Role, roles } from '#tenants';
import { Choice, Flag, Identifier, Instant, Items, NameText, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { sessionPlaces, type SessionPlace } from './auth.contract.js';
import { PageOf } from './page.contract.js';
import { StepUp } from './step-up.contract.js';

const MAPPINGS_MAX = 100;
const DOMAINS_MAX = 50;
const SCOPES_MAX = 20;
const DOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
/** RFC 6749 §3.3 */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Members of a group are members of the tenant with a role. */
export class RoleMapping {
  @Text({
    max: 255,
    description: 'Exact name of the group; `*` for everyone at the provider',
    example: 'platform-team',
  })
  group: string;
  @Choice(roles, { description: 'The role; with several groups, the highest one applies', example: 'full_access' })
  role: Role;
  @Identifier({
    optional: true,
    description: 'Id of the tenant: required for a provider of the installation, rejected for a provider of a tenant',
  })
  tenantId?: string;
}

const Name = (options = {}) =>
  NameText({ max: 100, description: 'Name on the sign-in page', example: 'Acme Workforce', ...options });
const ClientSecret = () =>
  Text({
    max: 1_024,
    optional: true,
    description: 'Secret of this client at the provider, stored sealed and never shown; none for a public client',
    example: 'Yp3s6v9y$B&E)H@McQfTjWnZr4u7x!A%',
  });
const Scopes = (options = {}) =>
  Items(Text({ max: 100, pattern: SCOPE }), {
    minItems: 1,
    maxItems: SCOPES_MAX,
    unique: true,
    description: 'Requested scopes; must include `openid`',
    example: ['openid', 'email', 'profile', 'groups'],
    ...options,
  });
const GroupsClaim = (options = {}) =>
  Text({ max: 100, description: 'The claim that lists the groups of a person', example: 'groups', ...options });
const RoleMappings = (options = {}) =>
  Items(
    Nested(() => RoleMapping),
    {
      maxItems: MAPPINGS_MAX,
      description: 'Groups that set membership and role at each sign-in; none: by invitation only',
      ...options,
    },
  );
const EmailDomains = (options = {}) =>
  Items(Text({ max: 253, pattern: DOMAIN }), {
    maxItems: DOMAINS_MAX,
    unique: true,
    description:
      'Exact domains of accepted addresses; empty: every domain. Required for a provider of the installation',
    example: ['acme.example'],
    ...options,
  });
const TrustsEmails = (options = {}) =>
  Flag({
    description: 'Whether addresses count as verified if the provider does not send `email_verified`',
    example: false,
    ...options,
  });
const Enabled = (options = {}) =>
  Flag({
    description: 'Whether people can sign in through it; `false` ends the sessions that it started',
    example: true,
    ...options,
  });
const Issuer = () =>
  Text({
    max: 500,
    description: 'Identifier of the issuer: `https:`, with a public address unless the installation permits others',
    example: 'https://login.acme.example',
  });
const ClientId = () => Text({ max: 255, description: 'Id of this client at the provider', example: 'chancery' });

export class NewIdentityProvider extends StepUp {
  @Name() name: string;
  @Issuer() issuer: string;
  @ClientId() clientId: string;
  @ClientSecret() clientSecret?: string;
  @Enabled({ optional: true, default: true }) enabled?: boolean;
  @Scopes({ optional: true, default: ['openid', 'email', 'profile'] }) scopes?: string[];
  @GroupsClaim({ optional: true, default: 'groups' }) groupsClaim?: string;
  @RoleMappings({ optional: true, default: [] }) roleMappings?: RoleMapping[];
  @EmailDomains({ optional: true, default: [] }) emailDomains?: string[];
  @TrustsEmails({ optional: true, default: false }) trustsEmails?: boolean;
}

export class IdentityProviderChange extends StepUp {
  @Name({ optional: true }) name?: string;
  @ClientSecret() clientSecret?: string;
  @Enabled({ optional: true }) enabled?: boolean;
  @Scopes({ optional: true }) scopes?: string[];
  @GroupsClaim({ optional: true }) groupsClaim?: string;
  @RoleMappings({ optional: true }) roleMappings?: RoleMapping[];
  @EmailDomains({ optional: true }) emailDomains?: string[];
  @TrustsEmails({ optional: true }) trustsEmails?: boolean;
}

export class IdentityProvider {
  @Identifier({ description: 'Id of the identity provider' }) id: string;
  @Name() name: string;
  @Enabled() enabled: boolean;
  @Issuer() issuer: string;
  @ClientId() clientId: string;
  @Flag({ description: 'Whether a client secret is stored', example: true }) hasClientSecret: boolean;
  @Scopes() scopes: string[];
  @GroupsClaim() groupsClaim: string;
  @RoleMappings() roleMappings: RoleMapping[];
  @EmailDomains() emailDomains: string[];
  @TrustsEmails() trustsEmails: boolean;
  @Identifier({ description: 'Id of the user who created it' }) createdBy: string;
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When it last changed' }) updatedAt: Rfc3339;
}

export class IdentityProviderPage extends PageOf(IdentityProvider) {}

export class IdentityProviderTest {
  @Issuer() issuer: string;
  @Text({ max: 2_048, description: 'URL where people sign in', example: 'https://login.acme.example/authorize' })
  authorizationEndpoint: string;
  @Text({ max: 2_048, description: 'URL where codes are redeemed', example: 'https://login.acme.example/token' })
  tokenEndpoint: string;
  @WholeNumber({ description: 'Number of keys in the key set', example: 2 }) keys: number;
  @Flag({ description: 'Whether its responses name the issuer (RFC 9207)', example: true })
  namesIssuerInAnswers: boolean;
  @Text({
    max: 2_048,
    description: "Redirect URI of the console, to register at the provider; it ends with the provider's id",
    example: 'https://chancery.example/console/sign-in/callback/019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
  })
  redirectUri: string;
}

export class OfferedProvider {
  @Identifier({ description: 'Id of the identity provider' }) id: string;
  @Name() name: string;
}

export class OfferedProviders {
  @Items(Nested(() => OfferedProvider), { maxItems: 40, description: 'The providers; those of the installation first' })
  items: OfferedProvider[];
}

export class OfferedProvidersQuery {
  @Text({
    max: 63,
    optional: true,
    description: 'Id or slug of a tenant whose providers are also listed',
    example: 'acme',
  })
  tenant?: string;
}

const RedirectUri = () =>
  Text({
    max: 500,
    optional: true,
    description:
      "Redirect URI of a program on the person's machine (RFC 8252 §7.3): `http://127.0.0.1` or `http://[::1]` " +
      "with a port and a path that ends with `/` and the id of the identity provider. Default: the console's " +
      'page, with a cookie that binds the sign-in to the browser',
    example: 'http://127.0.0.1:8400/callback/019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
  });

export class NewProviderSignIn {
  @RedirectUri() redirectUri?: string;
}

const TOKEN_EXAMPLE = 'cips_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6';

export class BegunProviderSignIn {
  @Text({
    max: 4_096,
    description: 'The URL for the browser',
    example: 'https://login.acme.example/authorize?client_id=chancery&response_type=code',
  })
  authorizationUrl: string;
  @Text({
    max: 100,
    optional: true,
    description: "Send it back with the provider's response. Absent if it is in a cookie",
    example: TOKEN_EXAMPLE,
  })
  signInToken?: string;
  @WholeNumber({ description: 'Seconds until the sign-in must be completed', example: 600 }) expiresIn: number;
}

/** The parameters with which the provider sent the browser back, unchanged, and where to. */
export class ProviderAnswer {
  @Identifier({
    description:
      'Id of the identity provider, from the end of the redirect URI. A response of a different identity ' +
      'provider than that of the sign-in is rejected (RFC 9700 §4.4.2)',
  })
  identityProviderId: string;
  @Text({ max: 1_024, description: '`state` as the provider returned it', example: 'pX9sV3kQ0uWq8bYt' }) state: string;
  @Text({ max: 4_096, optional: true, description: 'The authorization code', example: 'SplxlOBeZQQYbYS6WxSbIA' })
  code?: string;
  @Text({ max: 100, optional: true, description: 'Why there is no code (RFC 6749 §4.1.2.1)', example: 'access_denied' })
  error?: string;
  @Text({
    max: 500,
    optional: true,
    description: 'Issuer of the response (RFC 9207)',
    example: 'https://login.acme.example',
  })
  iss?: string;
  @Text({
    max: 100,
    optional: true,
    description: 'Token of the sign-in; default: the one in the cookie',
    example: TOKEN_EXAMPLE,
  })
  signInToken?: string;
}

export class ProviderSignInCompletion extends ProviderAnswer {
  @Choice(sessionPlaces, {
    optional: true,
    default: 'token',
    description: 'Where the refresh token of the session is returned, as in `POST /v1/auth/login`',
  })
  session?: SessionPlace;
}

export const presentProvider = (row: Row): IdentityProvider =>
  present(IdentityProvider, {
    ...row,
    hasClientSecret: row.sealedClientSecret !== null,
    roleMappings: row.roleMappings.map((mapping) => present(RoleMapping, mapping)),
  });

export const presentTest = (tested: TestedProvider): IdentityProviderTest => ({ ...tested });

/** @param inCookie whether the browser got the secret in a cookie */
export const presentBegun = (
  { authorizationUrl, secret, expiresInSeconds }: BegunSignIn,
  inCookie: boolean,
): BegunProviderSignIn => ({
  authorizationUrl,
  ...(inCookie ? {} : { signInToken: secret.reveal() }),
  expiresIn: expiresInSeconds,
});
