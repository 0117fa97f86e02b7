import { defineErrors } from '#core';

export const certificateErrors = defineErrors('certificates', {
  INVALID_CSR: { kind: 'unprocessable', title: 'Invalid certificate signing request' },
  POLICY_VIOLATION: { kind: 'unprocessable', title: 'The certificate policy of the issuer rejects the request' },
  LINT_FAILED: { kind: 'unprocessable', title: 'Pre-issuance linting failed; nothing was signed' },
  CERTIFICATE_REPLACED: { kind: 'conflict', title: 'The certificate has already been renewed' },
  CERTIFICATE_KID_TAKEN: { kind: 'conflict', title: 'The kid already names a certificate of the tenant' },
  KEY_NOT_OF_CERTIFICATE: { kind: 'unprocessable', title: 'The certificate does not belong to this key' },
});

export const authorityErrors = defineErrors('certificate-authorities', {
  CA_NAME_TAKEN: { kind: 'conflict', title: 'The name of the certificate authority is already in use' },
  CA_NOT_USABLE: { kind: 'conflict', title: 'The certificate authority is pending, revoked or expired' },
  CA_HAS_PARENT: { kind: 'conflict', title: 'Another authority of the tenant issued the certificate of this one' },
  NO_CERTIFICATE_AUTHORITY: { kind: 'conflict', title: 'The tenant has no certificate authority' },
  INVALID_CA_CERTIFICATE: { kind: 'unprocessable', title: 'The certificate is not a valid CA certificate' },
  INVALID_CA_KEY: { kind: 'unprocessable', title: 'The private key does not match the certificate' },
  PKI_UNAVAILABLE: { kind: 'unavailable', title: 'No current CRL or OCSP response is available' },
});
