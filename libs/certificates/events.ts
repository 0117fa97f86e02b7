import { defineEvents } from '#core';

export const certificateEvents = defineEvents('certificate', {
  intended: 'The serial number and hash of a certificate were recorded before signing',
  issued: 'A certificate was issued',
  refused: 'Pre-issuance linting failed: this is a bug, please report it',
  renewed: 'A certificate was renewed',
  changed: 'The contacts of a certificate were changed',
  held: 'A certificate was put on hold',
  released: 'A certificate on hold was released',
  revoked: 'A certificate was revoked',
  reason_changed: 'The revocation reason of a revoked certificate was changed to `keyCompromise`',
  expired: 'A certificate expired',
  abandoned: 'An incomplete issuance was revoked',
  exported: 'A certificate and its private key were exported as PKCS#12',
});

export const foreignCertificateEvents = defineEvents('foreign_certificate', {
  requested: 'A certificate signing request was created for a key of the tenant',
  stored: 'A certificate from an external issuer was stored for a key of the tenant',
  expired: 'A certificate from an external issuer expired',
});

export const authorityEvents = defineEvents('certificate_authority', {
  created: 'A certificate authority was created with a new key',
  imported: 'A certificate authority was imported with its key',
  requested: 'A key and a certificate signing request were created for an authority of an external issuer',
  activated: 'The certificate from an external issuer was stored; the authority can issue',
  renewed: 'The certificate of an authority was replaced by another for the same key',
  deleted: 'A certificate authority that never had a certificate was deleted',
  changed: 'The contacts of a certificate authority were changed',
  revoked: 'A certificate authority was revoked, together with all certificates that it had issued',
  reason_changed: 'The revocation reason of a revoked certificate authority was changed to `keyCompromise`',
  expired: 'A certificate authority expired',
  crl_published: 'A certificate revocation list was signed',
  ocsp_signer_issued: 'A new key and certificate were issued to the delegated OCSP responder',
});
