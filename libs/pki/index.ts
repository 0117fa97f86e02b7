export {
  type KeyFormatName,
  keyFormatNames,
  keyFormats,
  publicKeyFormatNames,
  readKey,
  readPrivateKeyPem,
} from './key-files/key-file.js';
export { writePkcs12 } from './key-files/pkcs12.js';
export { lintCertificate } from './lint/lint.js';
export { objectionsToDnsNames } from './policy/name-rules.js';
export { certifiedNames, checkNames, checkRequest, policyRules, refusalCode, requestedNames } from './policy/policy.js';
export {
  type Finding,
  type KeyStatus,
  NAME_POLICY_DEFAULT,
  type NamePolicy,
  type PolicyCategory,
  type PolicyFacts,
} from './policy/rule.js';
export { type ParsedCertificate, certifiedKey, issuerOf, parseCertificate } from './x509/certificate.js';
export { CERTIFICATE_KID_KINDS, type CertificateKidKind, certificateKid, pkcs7Certificates } from './x509/chain.js';
export { type CrlContent, type RevokedCertificate, buildTbsCrl, signCrl } from './x509/crl.js';
export { type CertificateRequest, parseCertificateRequest, provesPossession } from './x509/csr.js';
export type { NameConstraints, StatusUrls } from './x509/extensions.js';
export {
  type CertificateContent,
  buildTbsCertificate,
  randomSerialNumber,
  selfIssuer,
  signCertificate,
} from './x509/issuance.js';
export {
  type AttributeName,
  type DistinguishedName,
  GENERAL_NAME_KINDS,
  type GeneralName,
  type GeneralNameKind,
  NAME_ATTRIBUTES,
  type NameAttribute,
  attributeNames,
  formatName,
} from './x509/names.js';
export {
  type CertificateStatus,
  type IssuerHashes,
  type OcspRequest,
  issuerHashes,
  namesIssuer,
  ocspError,
  ocspRequestFromPath,
  parseOcspRequest,
  signOcspResponse,
} from './x509/ocsp.js';
export {
  AUTHORITY_VALIDITY_DAYS_DEFAULT,
  type CertificateProfile,
  LEAF_VALIDITY_DAYS_DEFAULT,
  type Validity,
  authorityProfile,
  LEAF_EXTENDED_KEY_USAGES,
  LEAF_EXTENDED_KEY_USAGE_DEFAULT,
  type LeafExtendedKeyUsage,
  leafProfile,
  ocspSignerProfile,
  validityFrom,
} from './x509/profile.js';
export { type ForeignCertificateFacts, readForeignCertificate } from './x509/foreign-certificate.js';
export { type CertificationPath, checkPath, isSelfIssued } from './x509/path.js';
export { authorityRequestExtensions, canSignRequests, signCertificateRequest } from './x509/request.js';
export { keyIdentifier } from './x509/public-key.js';
export {
  REVOCATION_REASONS,
  type RevocationReason,
  isCompromise,
  replacesReason,
  revocationReasons,
} from './x509/reasons.js';
export { signatureAlgorithmFor } from './x509/signature-algorithms.js';
export { IGNORED_PART_KINDS, type IgnoredPart, ignoredParts } from './x509/ignored-parts.js';
