export type { Certificate, CertificateAuthority, ForeignCertificate } from './entities.js';
export {
  CertificateAuthorities,
  type ImportedAuthority,
  type EffectiveAuthority,
  type NewAuthority,
} from './authorities.service.js';
export { AuthorityRevocations } from './authority-revocation.service.js';
export { authorityKeyAlgorithms } from './authority-key-algorithms.js';
export { AuthorityKeys } from './authority-keys.service.js';
export type { CertificateFilter } from './certificate-filter.js';
export { type CertifiedHolder, CertificateVerifier, type UnusableCertificate } from './certificate-verifier.js';
export {
  Certificates,
  type CertificateWithChain,
  type EffectiveCertificate,
  type RevocationDryRun,
} from './certificates.service.js';
export { CRL_VALIDITY, Crls, type PublishedCrl } from './crls.service.js';
export { authorityErrors, certificateErrors } from './errors.js';
export { authorityEvents, certificateEvents, foreignCertificateEvents } from './events.js';
export { type ForeignHolder, ForeignCertificates, type ReceivedCertificate } from './foreign-certificates.service.js';
export { ForeignCertificateAnnouncement, ForeignCertificateExpiry } from './foreign-expiry.service.js';
export { CertificatesOfKeys } from './key-compromise.js';
export { type CertificateCall, Issuance, type IssuedCertificate, type Renewal } from './issuance.service.js';
export { type IssuingProfile, type IssuingProfileRequest, VALIDITY_DAYS_LIMIT } from './issuing-profile.js';
export { type AuthorityState, type CertificateState, authorityLifecycle, certificateLifecycle } from './lifecycle.js';
export { OcspResponder, type OcspReply } from './ocsp.service.js';
export { authorityUrls } from './authority-urls.js';
export { AuthorityExpiry, CertificateExpiry, OrphanSweep } from './upkeep.service.js';
export { CertificatesModule, certificateEntities } from './certificates.module.js';
