import { Entity } from 'typeorm';

import type { AuthorityKeyAlgorithm } from '#crypto';
import {
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  ReferenceColumn,
  SealedColumn,
  StateColumn,
  TenantResource,
  TenantRow,
  TextColumn,
  VarcharColumn,
} from '#database';
import type { NameConstraints, RevocationReason } from '#pki';

import type { IssuingProfile } from './issuing-profile.js';
import { type AuthorityState, type CertificateState, authorityLifecycle, certificateLifecycle } from './lifecycle.js';

/** An issuer of a tenant. Its private key is sealed in its own row or in a key store, and signs nothing but what this library builds. */
@Entity('certificate_authorities')
export class CertificateAuthority extends TenantResource {
  @VarcharColumn(100) name: string;
  @StateColumn(authorityLifecycle) state: AuthorityState;
  @VarcharColumn(16) origin: 'generated' | 'imported';
  /** The authority of the tenant that issued it; `null` for a root and for one that was imported. */
  @ReferenceColumn({ nullable: true }) parentId: string | null;
  @VarcharColumn(16) keyAlgorithm: AuthorityKeyAlgorithm;
  /** RFC 4514. */
  @TextColumn() subject: string;
  /** With the serial number, the certificate and its beginning `null` until an external issuer has issued the certificate. */
  @TextColumn({ nullable: true }) issuer: string | null;
  /** Lower-case hexadecimal, without a sign byte. */
  @VarcharColumn(40, { nullable: true }) serialNumber: string | null;
  /** SHA-256 of the SubjectPublicKeyInfo. */
  @VarcharColumn(64) publicKeyHash: string;
  /** How many authorities may follow below it: by its own certificate, or by one above it from an external issuer. */
  @IntegerColumn({ nullable: true }) pathLength: number | null;
  @JsonColumn({ nullable: true }) nameConstraints: NameConstraints | null;
  @JsonColumn() profile: IssuingProfile;
  /** Its request to an external issuer, which certifies the same key again by it. */
  @TextColumn({ nullable: true }) csrPem: string | null;
  @TextColumn({ nullable: true }) certificatePem: string | null;
  /** The certificates above it that did not come from here, as they were uploaded or imported. */
  @TextColumn({ nullable: true }) importedChainPem: string | null;
  /** `null` where its key is in a store. */
  @SealedColumn({ nullable: true }) sealedPrivateKey: Buffer | null;
  /** Name of the key store that has its private key, under the id of this row. */
  @VarcharColumn(32, { nullable: true }) keyStore: string | null;
  /** Who is told about it by e-mail; `null` is the same as none. */
  @JsonColumn({ nullable: true }) contacts: readonly string[] | null;
  @InstantColumn({ nullable: true }) notBefore: number | null;
  /** The end of its certificate; until then the certificate of a pending one can be uploaded. */
  @InstantColumn() notAfter: number;
  @VarcharColumn(32, { nullable: true }) revocationReason: RevocationReason | null;
  @InstantColumn({ nullable: true }) revokedAt: number | null;
}

@Entity('certificates')
export class Certificate extends TenantResource {
  /** What its holder names it by; unique in the installation. Provisional until the certificate is active. */
  @VarcharColumn(64) kid: string;
  @ReferenceColumn() caId: string;
  /** The service that it belongs to, where one asked for it. */
  @ReferenceColumn({ nullable: true }) serviceId: string | null;
  @StateColumn(certificateLifecycle) state: CertificateState;
  /** Lower-case hexadecimal, without a sign byte. */
  @VarcharColumn(40) serialNumber: string;
  /** RFC 4514. */
  @TextColumn() subject: string;
  /** The common name and the whole subject in lower case: what the inventory is searched by. */
  @VarcharColumn(128) commonNameSearch: string;
  @VarcharColumn(512) subjectSearch: string;
  @TextColumn() issuer: string;
  @JsonColumn() san: readonly string[];
  @VarcharColumn(16) keyAlgorithm: string;
  /** SHA-256 of the SubjectPublicKeyInfo. */
  @VarcharColumn(64) publicKeyHash: string;
  /** SHA-256 of the TBSCertificate, on record before it is signed. */
  @VarcharColumn(64) tbsHash: string;
  /** `null` until it is signed. */
  @TextColumn({ nullable: true }) certificatePem: string | null;
  /** Who is told about it by e-mail; `null` is the same as none. */
  @JsonColumn({ nullable: true }) contacts: readonly string[] | null;
  @InstantColumn() notBefore: number;
  @InstantColumn() notAfter: number;
  /** Kids of its predecessor and its successor. */
  @VarcharColumn(64, { nullable: true }) replaces: string | null;
  @VarcharColumn(64, { nullable: true }) replacedBy: string | null;
  @VarcharColumn(32, { nullable: true }) revocationReason: RevocationReason | null;
  /** When it was revoked or put on hold. */
  @InstantColumn({ nullable: true }) revokedAt: number | null;
}

/** A certificate that somebody else issued for a key of the tenant, as a vendor sends it back for a request. */
@Entity('foreign_certificates')
export class ForeignCertificate extends TenantRow {
  @ReferenceColumn() keyId: string;
  /** What its issuer calls it; unique in the tenant. */
  @VarcharColumn(128) kid: string;
  @TextColumn() serialNumber: string;
  @TextColumn() subject: string;
  @TextColumn() issuer: string;
  /** SHA-256 of the SubjectPublicKeyInfo. */
  @VarcharColumn(64) publicKeyHash: string;
  @TextColumn() certificatePem: string;
  @InstantColumn() notBefore: number;
  @InstantColumn() notAfter: number;
  /** Written by earlier versions, which announced its end themselves; `announcements` has that now. */
  @InstantColumn({ nullable: true }) announcedAt: number | null;
  /** When its end was recorded; what holds is decided by `notAfter`. */
  @InstantColumn({ nullable: true }) expiredAt: number | null;
  @InstantColumn() createdAt: number;
  @InstantColumn() updatedAt: number;
}

/** One subject alternative name of a certificate, for the inventory's filter. */
@Entity('certificate_names')
export class CertificateName extends TenantRow {
  @ReferenceColumn() certificateId: string;
  @VarcharColumn(255) nameSearch: string;
}

/** What is published about the revocations of one authority; its id is the authority's. */
@Entity('crls')
export class Crl extends TenantRow {
  /** CRLNumber (RFC 5280 §5.2.3); 0 before the first. */
  @InstantColumn() number: number;
  @InstantColumn() thisUpdate: number;
  @InstantColumn() nextUpdate: number;
  /** When it is due to be built again: immediately after a revocation, otherwise an hour after it was built. */
  @InstantColumn() rebuildAt: number;
  /** How many `crl_parts` it is made of. */
  @IntegerColumn() parts: number;
}

/** A piece of the DER of a CRL: one row holds at most 64 KiB on every database. */
@Entity('crl_parts')
export class CrlPart extends TenantRow {
  @ReferenceColumn() caId: string;
  @InstantColumn() crlNumber: number;
  @IntegerColumn() part: number;
  @SealedColumn() content: Buffer;
}

/** The short-lived delegate (RFC 6960 §4.2.2.2) that signs an authority's OCSP answers; a new one replaces the row. */
@Entity('ocsp_signers')
export class OcspSigner extends TenantRow {
  @ReferenceColumn() caId: string;
  @VarcharColumn(40) serialNumber: string;
  @TextColumn() certificatePem: string;
  @SealedColumn() sealedPrivateKey: Buffer;
  @InstantColumn() notBefore: number;
  @InstantColumn() notAfter: number;
  @InstantColumn() createdAt: number;
}
