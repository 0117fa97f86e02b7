import { type AsOf as AsOfService, type AsOfKind, type Refusal, asOfKinds, refusals } from '#as-of';
import { withRfc3339Times } from '#audit';
import { certificateLifecycle } from '#certificates';
import { type Json, type MissingValues, missingValues, toRfc3339 } from '#core';
import { keyLifecycle, keyVersionLifecycle } from '#keys';
import {
  type CredentialAsOf as Credential,
  type TrustAsOf as Trust,
  authTypes,
  credentialLifecycle,
} from '#service-keys';
import { formatNames } from '#signing';
import { tenantLifecycle } from '#tenants';

import {
  Choice,
  Flag,
  Identifier,
  Instant,
  InstantOrDate,
  Items,
  JsonObject,
  Nested,
  Text,
  WholeNumber,
} from '../http/fields.js';
import { Contacts } from './contacts.contract.js';
import { PageOf, PageQuery } from './page.contract.js';

const KID_EXAMPLE = '5b8d3c1e-7a44-4f0e-9d56-2f1c8e7b9a10';
const LIST_MAX = 10_000;

const At = () =>
  InstantOrDate({
    optional: true,
    description: 'The time; a date is the start of that day in UTC; default: now',
  });
const Id = (description: string) => Identifier({ description });
const When = (description: string) => Instant({ nullable: true, description });
const Names = (description: string, example: readonly string[]) =>
  Items(Text({ max: 128 }), { maxItems: LIST_MAX, description, example });
const Completeness = () =>
  Flag({ description: 'false: the events about it do not contain all values; `missing` says why', example: true });
const Missing = () =>
  Items(Choice(missingValues), {
    maxItems: missingValues.length,
    description:
      'Why the events about it do not contain all values: too large, personal fields erased, or altered in the ' +
      'database',
    example: [],
  });

export class AsOfQuery extends PageQuery {
  @At() at?: number;
  @Choice(asOfKinds, {
    optional: true,
    description: 'Only resources of this kind; required with a `cursor`; default: the first page of each kind',
  })
  kind?: AsOfKind;
}

export class SignersQuery extends PageQuery {
  @At() at?: number;
  @Text({ max: 64, description: 'Name of the token profile', example: 'partner-api' }) profile: string;
}

export class TenantAsOf {
  @Id('Id of the tenant') id: string;
  @Text({ nullable: true, description: 'Its name', example: 'Acme' }) name: string | null;
  @Choice(tenantLifecycle.states, { description: 'Its state' }) state: string;
  @JsonObject({ description: 'The settings that the tenant had set', example: { keyDeletionDays: 7 } })
  settings: { readonly [name: string]: Json };
}

export class ServiceAsOf {
  @Id('Id of the service') id: string;
  @Choice(['active'], { description: 'Its state' }) state: string;
  @Text({ description: 'Its name', example: 'billing' }) name: string;
  @Text({ nullable: true, max: 500, description: 'Purpose', example: 'Invoices' }) description: string | null;
  @Names('Names of the granted token profiles; `*` means all', ['partner-api']) profiles: string[];
  @Names('Networks that its calls could come from; empty: any', ['203.0.113.0/24']) allowedCidrs: string[];
  @Contacts() contacts: string[];
  @Completeness() isComplete: boolean;
  @Missing() missing: MissingValues[];
}

export class CredentialAsOf {
  @Id('Id of the credential') id: string;
  @Choice(credentialLifecycle.states, { description: 'The effective state' }) state: string;
  @Id('The service that it belonged to') serviceId: string;
  @Choice(authTypes, { description: 'How the service authenticated' }) authType: string;
  @Text({ nullable: true, max: 100, description: 'A name for people', example: 'autumn 2026' }) name: string | null;
  @Text({ description: 'Fingerprint', example: 'a3f1c05b77e2' }) fingerprint: string;
  @Instant({ description: 'When it was created' }) createdAt: string;
  @When('When it would expire; null: never') expiresAt: string | null;
  @When('When it would be discarded, because it was regenerated') overlapEndsAt: string | null;
  @When('When it had been discarded') discardedAt: string | null;
  @Completeness() isComplete: boolean;
  @Missing() missing: MissingValues[];
}

export class TrustAsOf {
  @Id('Id of the trust') id: string;
  @Id('The service that workloads could act as') serviceId: string;
  @Text({ max: 100, description: 'Its name', example: 'ci' }) name: string;
  @Text({ max: 500, description: 'Issuer of the tokens', example: 'https://token.actions.githubusercontent.com' })
  issuer: string;
  @Text({ max: 255, description: 'Audience of the tokens', example: 'https://chancery.example.com' }) audience: string;
  @Text({ nullable: true, max: 255, description: 'Pattern of their subject', example: 'repo:acme/shop:*' })
  subject: string | null;
  @JsonObject({ description: 'Claims that the tokens had to have', example: { repository_id: '74' } })
  claims: { readonly [name: string]: Json };
  @WholeNumber({ description: 'Lifetime of the exchanged credential, in seconds', example: 900 }) ttlSeconds: number;
  @Flag({ description: 'Whether a token was accepted once', example: false }) singleUse: boolean;
  @Completeness() isComplete: boolean;
  @Missing() missing: MissingValues[];
}

export class KeyVersionAsOf {
  @Text({ description: 'Key ID (`kid`)', example: KID_EXAMPLE }) kid: string;
  @WholeNumber({ min: 1, description: 'Version number', example: 1 }) number: number;
  @Choice(keyVersionLifecycle.states, { description: 'The effective state; the active version signed' }) state: string;
  @When('When it started signing, or would start') activatesAt: string | null;
  @When('When its successor would take over') retiresAt: string | null;
  @When('When it had stopped signing') retiredAt: string | null;
}

export class KeyAsOf {
  @Id('Id of the key') id: string;
  @Choice(keyLifecycle.states, { description: 'The effective state' }) state: string;
  @Text({ max: 100, description: 'Its name', example: 'tokens' }) name: string;
  @Text({ description: 'Its algorithm', example: 'ES256' }) algorithm: string;
  @Flag({ description: 'Whether the private key could be exported', example: false }) exportable: boolean;
  @WholeNumber({
    nullable: true,
    description: 'Rotation period in seconds; null: manual rotation only',
    example: 7_776_000,
  })
  rotateEverySeconds: number | null;
  @Contacts() contacts: string[];
  @When('Until when a deleted key could be restored') destroysAt: string | null;
  @Items(Nested(() => KeyVersionAsOf), { maxItems: LIST_MAX, description: 'Oldest first, without destroyed ones' })
  versions: KeyVersionAsOf[];
  @Completeness() isComplete: boolean;
  @Missing() missing: MissingValues[];
}

export class TokenProfileAsOf {
  @Id('Id of the profile') id: string;
  @Text({ max: 64, description: 'Its name', example: 'partner-api' }) name: string;
  @Choice(formatNames, { description: 'Its format', example: 'jwt' }) format: string;
  @Identifier({ nullable: true, description: 'The key that signed' }) keyId: string | null;
  @Text({ nullable: true, max: 128, description: 'The certificate that named the key', example: KID_EXAMPLE })
  certificateKid: string | null;
  @Text({ nullable: true, max: 500, description: '`iss`', example: 'https://tokens.example.com' }) issuer:
    string | null;
  @Names('The audiences that a token could be for', ['https://api.partner.example']) audience: string[];
  @WholeNumber({ description: 'Default lifetime in seconds', example: 300 }) ttlSeconds: number;
  @WholeNumber({ description: 'Maximum lifetime in seconds', example: 3600 }) maxTtlSeconds: number;
  @WholeNumber({ description: 'Clock tolerance in seconds', example: 60 }) skewSeconds: number;
  @JsonObject({ description: 'Claims that every token had', example: { plan: 'gold' } })
  fixedClaims: { readonly [name: string]: Json };
  @Names('Claims that a caller could set', ['scope']) allowedClaims: string[];
  @Names('Claims that a token had to have', ['scope']) requiredClaims: string[];
  @Text({ nullable: true, description: 'Version of the format', example: 'v1' }) formatVersion: string | null;
  @JsonObject({ description: 'Settings of the format', example: {} }) settings: { readonly [name: string]: Json };
  @Completeness() isComplete: boolean;
  @Missing() missing: MissingValues[];
}

export class CertificateAsOf {
  @Id('Id of the certificate') id: string;
  @Text({ max: 128, description: 'Its kid', example: KID_EXAMPLE }) kid: string;
  @Choice(certificateLifecycle.states, { description: 'The effective state', example: 'active' }) state: string;
  @Text({ description: 'Serial number, hexadecimal', example: '5f2a9c' }) serialNumber: string;
  @Text({ max: 2_000, description: 'Subject', example: 'CN=billing' }) subject: string;
  @Id('The authority that issued it') caId: string;
  @Identifier({ nullable: true, description: 'The service that it was issued to' }) serviceId: string | null;
  @Instant({ description: 'End of its validity' }) notAfter: string;
  @When('When it had been revoked or put on hold') revokedAt: string | null;
  @Text({ nullable: true, description: 'Why it was revoked', example: 'superseded' }) revocationReason: string | null;
  @Completeness() isComplete: boolean;
  @Missing() missing: MissingValues[];
}

export class MemberAsOf {
  @Id('Id of the user') id: string;
  @Text({ nullable: true, max: 254, description: 'E-mail address of the member', example: 'ada@example.com' })
  email: string | null;
  @Text({ nullable: true, description: 'The role', example: 'auditor' }) role: string | null;
  @Completeness() isComplete: boolean;
  @Missing() missing: MissingValues[];
}

class ServicesAsOf extends PageOf(ServiceAsOf) {}
class CredentialsAsOf extends PageOf(CredentialAsOf) {}
class TrustsAsOf extends PageOf(TrustAsOf) {}
class KeysAsOf extends PageOf(KeyAsOf) {}
class TokenProfilesAsOf extends PageOf(TokenProfileAsOf) {}
class CertificatesAsOf extends PageOf(CertificateAsOf) {}
class MembersAsOf extends PageOf(MemberAsOf) {}

/** What a tenant had at an instant: the first page of each kind, or a page of one. */
export class AsOf {
  @Instant({ description: 'The time of the snapshot' }) at: string;
  @Nested(() => TenantAsOf, { nullable: true, description: 'The tenant itself; null before it was created' })
  tenant: TenantAsOf | null;
  @Nested(() => ServicesAsOf, { optional: true, description: 'Services that were not deleted' })
  services?: ServicesAsOf;
  @Nested(() => CredentialsAsOf, { optional: true, description: 'Credentials that were not deleted' })
  credentials?: CredentialsAsOf;
  @Nested(() => TrustsAsOf, {
    optional: true,
    description: 'Trusts that were not deleted, of services that were not deleted',
  })
  trusts?: TrustsAsOf;
  @Nested(() => KeysAsOf, { optional: true, description: 'Keys that were not destroyed, with their versions' })
  keys?: KeysAsOf;
  @Nested(() => TokenProfilesAsOf, { optional: true, description: 'Token profiles' })
  tokenProfiles?: TokenProfilesAsOf;
  @Nested(() => CertificatesAsOf, { optional: true, description: 'Certificates that authorities of the tenant issued' })
  certificates?: CertificatesAsOf;
  @Nested(() => MembersAsOf, { optional: true, description: 'Members' }) members?: MembersAsOf;
}

export class Signer {
  @Id('The service') serviceId: string;
  @Text({ max: 100, description: 'Its name', example: 'billing' }) serviceName: string;
  @Names('Networks that its calls could come from; empty: any', ['203.0.113.0/24']) allowedCidrs: string[];
  @Names("The service's granted profiles; `*` means all", ['partner-api']) profiles: string[];
  @Identifier({ nullable: true, description: 'The active credential; null: the signer is a trust' })
  credentialId: string | null;
  @Choice(authTypes, { nullable: true, description: "How the service authenticated; null: with a workload's token" })
  authType: string | null;
  @When('When the credential would expire; null: never') expiresAt: string | null;
  @Identifier({ nullable: true, description: 'The trust that workloads could use; null: the signer is a credential' })
  trustId: string | null;
  @Text({ nullable: true, max: 500, description: 'Issuer that the trust named', example: 'https://ci.example.com' })
  issuer: string | null;
  @Text({ nullable: true, max: 255, description: 'Pattern of the subject in the trust', example: 'repo:acme/shop:*' })
  subject: string | null;
}

/** Who could have a token signed by a profile at an instant. */
export class Signers extends PageOf(Signer) {
  @Instant({ description: 'The time of the snapshot' }) at: string;
  @Choice(refusals, { nullable: true, description: 'Why no caller could have a token signed; null if some could' })
  refusal: Refusal | null;
  @Text({
    nullable: true,
    max: 128,
    description: 'The `kid` in tokens, of the key or certificate',
    example: KID_EXAMPLE,
  })
  kid: string | null;
  @Flag({ description: 'Whether callers without a credential were admitted, too: `publicAccess`', example: false })
  publicAccess: boolean;
  @Flag({ description: 'Whether users with an ID token were admitted, too: `trustedIssuer`', example: false })
  trustedIssuer: boolean;
}

export function presentAsOf({ at, tenant, pages }: Awaited<ReturnType<AsOfService['pages']>>): AsOf {
  const shown = withRfc3339Times(pages as unknown as Json) as unknown as Omit<AsOf, 'at' | 'tenant'>;
  return { at: toRfc3339(at), tenant: tenant ?? null, ...shown };
}

export function presentSigners(found: Awaited<ReturnType<AsOfService['signers']>>): Signers {
  const { at, refusal = null, kid = null, profile, signers } = found;
  return {
    at: toRfc3339(at),
    refusal,
    kid,
    publicAccess: profile?.settings['publicAccess'] !== undefined,
    trustedIssuer: profile?.settings['trustedIssuer'] !== undefined,
    nextCursor: signers.nextCursor,
    items: signers.items.map(({ service, by }) => ({
      serviceId: service.id,
      serviceName: service.name,
      allowedCidrs: [...service.allowedCidrs],
      profiles: [...service.profiles],
      ...('authType' in by ? credentialSigner(by) : trustSigner(by)),
    })),
  };
}

const credentialSigner = ({ id, authType, expiresAt }: Credential) => ({
  credentialId: id,
  authType,
  expiresAt: expiresAt === null ? null : toRfc3339(expiresAt),
  trustId: null,
  issuer: null,
  subject: null,
});

const trustSigner = ({ id, issuer, subject }: Trust) => ({
  credentialId: null,
  authType: null,
  expiresAt: null,
  trustId: id,
  issuer,
  subject,
});
