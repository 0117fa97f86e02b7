import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { KeyCertificates, KeysModule } from '#keys';
import { KeyStoresModule } from '#key-stores';
import { ServiceKeysModule } from '#service-keys';
import { VaultModule } from '#vault';

import { CertificateAuthorities } from './authorities.service.js';
import { AuthorityKeys } from './authority-keys.service.js';
import { AuthorityRevocations } from './authority-revocation.service.js';
import { CertificateMetrics } from './certificate-metrics.js';
import { CertificateVerifier } from './certificate-verifier.js';
import { Certificates } from './certificates.service.js';
import { Certification } from './certification.service.js';
import { Crls } from './crls.service.js';
import {
  Certificate,
  CertificateAuthority,
  CertificateName,
  Crl,
  CrlPart,
  ForeignCertificate,
  OcspSigner,
} from './entities.js';
import { authorityErrors, certificateErrors } from './errors.js';
import { authorityEvents, certificateEvents, foreignCertificateEvents } from './events.js';
import { ExternalAuthorities } from './external-authorities.service.js';
import { ForeignCertificates } from './foreign-certificates.service.js';
import { ForeignCertificateExpiry } from './foreign-expiry.service.js';
import { InstallationFacts } from './installation-facts.js';
import { Issuance } from './issuance.service.js';
import { IssuerDirectory } from './issuer-directory.js';
import { CertificatesOfKeys } from './key-compromise.js';
import { OcspResponder } from './ocsp.service.js';
import { RevocationStatuses } from './revocation-status.service.js';
import { AuthorityExpiry, CertificateExpiry, UnfinishedIssuance } from './certificate-expiry.js';

export const certificateEntities: readonly EntityClass[] = [
  CertificateAuthority,
  Certificate,
  CertificateName,
  Crl,
  CrlPart,
  OcspSigner,
  ForeignCertificate,
];

/**
 * Authorities and what they revoke. Global, because the library of keys asks what certifies a key and cannot import what
 * is above it.
 */
@Global()
@Module({
  imports: [
    TypeOrmModule.forFeature([...certificateEntities]),
    DatabaseModule,
    KeyStoresModule,
    KeysModule,
    VaultModule,
  ],
  providers: [
    AuthorityKeys,
    CertificateAuthorities,
    CertificatesOfKeys,
    Crls,
    { provide: KeyCertificates, useExisting: CertificatesOfKeys },
  ],
  exports: [AuthorityKeys, CertificateAuthorities, CertificatesOfKeys, Crls, KeyCertificates],
})
class AuthoritiesModule {}

/** Certificates: issuance, revocation, and what is published about them. */
@Declares({
  errors: [authorityErrors, certificateErrors],
  events: [authorityEvents, certificateEvents, foreignCertificateEvents],
})
@Module({
  imports: [AuthoritiesModule, DatabaseModule, KeysModule, ServiceKeysModule],
  providers: [
    AuthorityExpiry,
    AuthorityRevocations,
    CertificateExpiry,
    CertificateMetrics,
    CertificateVerifier,
    Certificates,
    Certification,
    ExternalAuthorities,
    ForeignCertificateExpiry,
    ForeignCertificates,
    InstallationFacts,
    Issuance,
    IssuerDirectory,
    OcspResponder,
    RevocationStatuses,
    UnfinishedIssuance,
  ],
  exports: [
    AuthoritiesModule,
    AuthorityRevocations,
    CertificateVerifier,
    Certificates,
    ExternalAuthorities,
    ForeignCertificates,
    Issuance,
    OcspResponder,
    RevocationStatuses,
  ],
})
export class CertificatesModule {}
