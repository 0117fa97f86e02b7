import { defineErrors } from '#core';

export const certificateErrors = defineErrors('certificates', {
  INVALID_CSR: { kind: 'unprocessable', title: 'The certificate signing request is not acceptable as such' },
  POLICY_VIOLATION: { kind: 'unprocessable', title: 'The policy of the issuer does not permit this certificate' },
  LINT_FAILED: { kind: 'unprocessable', title: 'What would have been signed breaks a rule, so it was not signed' },
  CERTIFICATE_REPLACED: { kind: 'conflict', title: 'The certificate was renewed already' },
  KEY_NOT_OF_CERTIFICATE: { kind: 'unprocessable', title: 'The certificate is not for this key' },
});

export const authorityErrors = defineErrors('certificate-authorities', {
  CA_NAME_TAKEN: { kind: 'conflict', title: 'Another certificate authority of the tenant has this name' },
  CA_NOT_USABLE: { kind: 'conflict', title: 'The certificate authority is revoked or has expired' },
  NO_CERTIFICATE_AUTHORITY: { kind: 'conflict', title: 'The tenant has no certificate authority yet' },
  INVALID_CA_CERTIFICATE: { kind: 'unprocessable', title: 'This is not a certificate that may issue others' },
  INVALID_CA_KEY: { kind: 'unprocessable', title: 'This is not the private key of the certificate' },
  PKI_UNAVAILABLE: { kind: 'unavailable', title: 'There is no current answer to publish' },
});
