import type { EntityClass } from '#database';
import { Certificate, CertificateAuthority, CertificateName, Crl, CrlPart, OcspSigner } from './entities.js';

export const certificateEntities: readonly EntityClass[] = [
  CertificateAuthority,
  Certificate,
  CertificateName,
  Crl,
  CrlPart,
  OcspSigner,
];
export type { Certificate, CertificateAuthority } from './entities.js';
export {
  CertificateAuthorities,
  type ImportedAuthority,
  type JudgedAuthority,
  type NewAuthority,
} from './authorities.service.js';
export { authorityKeyAlgorithms } from './authority-key-algorithms.js';
export { AuthorityKeys, certificateSealedColumns } from './authority-keys.service.js';
export type { CertificateFilter } from './certificate-filter.js';
export { type CertifiedHolder, CertificateVerifier, type UnusableCertificate } from './certificate-verifier.js';
export {
  Certificates,
  type CertificateWithChain,
  type JudgedCertificate,
  type RevocationRehearsal,
} from './certificates.service.js';
export { CRL_VALIDITY, Crls, type PublishedCrl } from './crls.service.js';
export { authorityErrors, certificateErrors } from './errors.js';
export { authorityEvents, certificateEvents } from './events.js';
export { CertificatesOfKeys } from './key-compromise.js';
export { type CertificateCall, Issuance, type IssuedCertificate, type Renewal } from './issuance.service.js';
export { type IssuingProfile, type IssuingProfileRequest, VALIDITY_DAYS_LIMIT } from './issuing-profile.js';
export { type AuthorityState, type CertificateState, authorityLifecycle, certificateLifecycle } from './lifecycle.js';
export { OcspResponder, type OcspReply } from './ocsp.service.js';
export { PkiClock } from './pki-clock.js';
export { PkiUrls, authorityUrls } from './pki-urls.js';
export { AuthorityExpiry, CertificateExpiry, OrphanSweep } from './upkeep.service.js';
