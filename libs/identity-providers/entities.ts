import { Entity } from 'typeorm';

import {
  BooleanColumn,
  IdColumn,
  InstallationOwned,
  InstantColumn,
  JsonColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  TenantResource,
  VarcharColumn,
} from '#database';

import type { RoleMapping } from './role-mapping.js';

/** An OpenID Provider by which people sign in: of a tenant, or of the installation (`INSTALLATION_ID`). */
@Entity('identity_providers')
export class IdentityProvider extends TenantResource {
  /** What the sign-in page shows. */
  @VarcharColumn(100) name: string;
  @BooleanColumn() enabled: boolean;
  /** The issuer identifier (OpenID Connect Core 1.0 §2); never changed: the subjects of another one are other people. */
  @VarcharColumn(500) issuer: string;
  /** Never changed: subjects can differ by client (OpenID Connect Core 1.0 §8.1). */
  @VarcharColumn(255) clientId: string;
  /** `null` for a public client. */
  @SealedColumn({ nullable: true }) sealedClientSecret: Buffer | null;
  @JsonColumn() scopes: readonly string[];
  /** The claim that lists the groups of a person. */
  @VarcharColumn(100) groupsClaim: string;
  /** Which groups make their members which members of a tenant. */
  @JsonColumn() roleMappings: readonly RoleMapping[];
  /** Only addresses of these domains are accepted; empty: of every domain. */
  @JsonColumn() emailDomains: readonly string[];
  /** Whether addresses count as verified where the provider does not say so. */
  @BooleanColumn() trustsEmails: boolean;
  @ReferenceColumn() createdBy: string;
}

/** A person as a provider knows them, and their account here. */
@Entity('identities')
@InstallationOwned()
export class Identity {
  @IdColumn() id: string;
  @ReferenceColumn() identityProviderId: string;
  /** `sub`: at most 255 ASCII characters, unique and never reassigned at the issuer (OpenID Connect Core 1.0 §2). */
  @VarcharColumn(255) subject: string;
  @ReferenceColumn() userId: string;
  @InstantColumn() createdAt: number;
  @InstantColumn() lastUsedAt: number;
}

/** A sign-in that is under way at a provider. Its state, nonce and PKCE verifier follow from the secret of the browser. */
@Entity('identity_provider_sign_ins')
@InstallationOwned()
export class ProviderSignIn {
  /** HMAC of the secret: how it is found. */
  @KeyColumn(64) lookupHash: string;
  @ReferenceColumn() identityProviderId: string;
  /** The session that is stepped up; `null` where one is to begin. */
  @ReferenceColumn({ nullable: true }) sessionId: string | null;
  @VarcharColumn(500) redirectUri: string;
  @InstantColumn() createdAt: number;
  @InstantColumn() expiresAt: number;
}
