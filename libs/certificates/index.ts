import type { EntityClass } from '#database';
import { Certificate, CertificateAuthority, CertificateName, Crl, CrlPart, OcspSigner } from './entities.js';

export { type ParsedCertificate, certifiedKey, issuerOf, parseCertificate } from './certificate.js';
export { CERTIFICATE_KID_KINDS, type CertificateKidKind, certificateKid, pkcs7Certificates } from './chain.js';
export { type CrlContent, type RevokedCertificate, buildTbsCrl, signCrl } from './crl.js';
export {
  type CertificateRequest,
  CSR_BYTES_MAX,
  type CsrRefusalReason,
  parseCertificateRequest,
  provesPossession,
} from './csr.js';
export type { BasicConstraints, NameConstraints, StatusUrls } from './extensions.js';
export {
  type CertificateContent,
  type Issuer,
  assembleCertificate,
  buildTbsCertificate,
  randomSerialNumber,
  selfIssuer,
  signCertificate,
} from './issuance.js';
export { lintCertificate, lintRules } from './lint.js';
export {
  type AttributeName,
  type DistinguishedName,
  GENERAL_NAME_KINDS,
  type GeneralName,
  type GeneralNameKind,
  NAME_ATTRIBUTES,
  type NameAttribute,
  type ReadAttribute,
  attributeNames,
  encodeName,
  formatName,
} from './names.js';
export { EXTENDED_KEY_USAGES, type ExtendedKeyUsage, KEY_USAGES, type KeyUsage } from './oids.js';
export {
  type CertificateId,
  type CertificateStatus,
  type IssuerHashes,
  OCSP_REQUEST_BYTES_MAX,
  type OcspAnswer,
  type OcspErrorStatus,
  type OcspRequest,
  type OcspResponseContent,
  issuerHashes,
  namesIssuer,
  ocspError,
  ocspRequestFromPath,
  parseOcspRequest,
  signOcspResponse,
} from './ocsp.js';
export { type PemLabel, chainToPem, fromPem, toPem } from './pem.js';
export { PKCS12_ITERATIONS, type Pkcs12Content, pkcs12Bundle } from './pkcs12.js';
export {
  AUTHORITY_VALIDITY_DAYS_DEFAULT,
  type CertificateProfile,
  LEAF_VALIDITY_DAYS_DEFAULT,
  type Validity,
  authorityProfile,
  leafProfile,
  ocspSignerProfile,
  validityFrom,
} from './profile.js';
export { type PublicKeyFacts, keyIdentifier } from './public-key.js';
export { REVOCATION_REASONS, type RevocationReason, revocationReasons } from './reasons.js';
export { type SignatureAlgorithm, signatureAlgorithmFor } from './signature-algorithms.js';
export { certifiedNames, judgeRequest, policyRules, refusalCode, requestedNames } from './policy.js';
export {
  type Finding,
  type KeyStanding,
  NAME_POLICY_DEFAULT,
  type NamePolicy,
  type PolicyCategory,
  type PolicyFacts,
  type PolicyRule,
} from './rules/rule.js';
export type { LintRule } from './rules/lint-rule.js';

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
export { type AuthorityKeyAlgorithm, authorityKeyAlgorithms } from './authority-key-algorithms.js';
export { AuthorityKeys, certificateSealedColumns } from './authority-keys.service.js';
export { type CertificateFilter } from './certificate-filter.js';
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
