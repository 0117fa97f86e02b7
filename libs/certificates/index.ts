export type { Certificate, ForeignCertificate } from './entities.js';
export {
  CertificateAuthorities,
  type ImportedAuthority,
  type EffectiveAuthority,
  type NewAuthority,
} from './authorities.service.js';
export { type CertificateImpact, ExternalAuthorities, type PendingAuthority } from './external-authorities.service.js';
export { AuthorityRevocations, type RevocationImpact } from './authority-revocation.service.js';
export { authorityKeyAlgorithms, authorityKeysByJoseName } from './authority-key-algorithms.js';
export { CertificateVerifier } from './certificate-verifier.js';
export {
  Certificates,
  type CertificateWithChain,
  type EffectiveCertificate,
  type RevocationDryRun,
} from './certificates.service.js';
export { Crls } from './crls.service.js';
export { authorityErrors, certificateErrors } from './errors.js';
export { ForeignCertificates } from './foreign-certificates.service.js';
export type { IssuedCertificate } from './certification.service.js';
export { Issuance } from './issuance.service.js';
export { VALIDITY_DAYS_LIMIT } from './issuing-profile.js';
export { type AuthorityState, type CertificateState, authorityLifecycle, certificateLifecycle } from './lifecycle.js';
export { OcspResponder, type OcspReply } from './ocsp.service.js';
export { type RevocationStatus, RevocationStatuses } from './revocation-status.service.js';
export { CertificatesModule, certificateEntities } from './certificates.module.js';
export { certificateProjection, foreignCertificateProjection } from './as-of.js';
