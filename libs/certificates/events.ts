import { defineEvents } from '#core';

export const certificateEvents = defineEvents('certificate', {
  intended: 'The serial number and the hash of a certificate were put on record before it was signed',
  issued: 'A certificate was issued',
  refused: 'The lint found something in what would have been signed: a fault of ours, to be looked at',
  renewed: 'A certificate got a successor',
  held: 'A certificate was put on hold',
  released: 'A certificate on hold was released',
  revoked: 'A certificate was revoked',
  reason_changed: 'The revocation reason of a revoked certificate was changed to `keyCompromise`',
  expired: 'A certificate expired',
  abandoned: 'A certificate that was never finished was revoked',
  exported: 'A certificate and its private key left in a PKCS#12 bundle',
});

export const authorityEvents = defineEvents('certificate_authority', {
  created: 'A certificate authority was created with a new key',
  imported: 'A certificate authority was imported with its key',
  revoked: 'A certificate authority was revoked, with everything that it had issued',
  reason_changed: 'The revocation reason of a revoked certificate authority was changed to `keyCompromise`',
  expired: 'A certificate authority expired',
  crl_published: 'A certificate revocation list was signed',
  ocsp_signer_issued: 'The delegate that signs OCSP answers got a new key and certificate',
});
