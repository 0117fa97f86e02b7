import type { ForeignCertificate } from '#certificates';
import type { Rfc3339 } from '#core';
import { KID_PATTERN } from '#crypto';

import { Choice, Identifier, Instant, Nested, Text } from '../http/fields.js';
import { present } from '../http/present.js';
import { Subject } from './certificate-authorities.contract.js';
import { PageOf } from './page.contract.js';
import { CERTIFICATE_EXAMPLE, CSR_EXAMPLE, Pem } from './pem.contract.js';

const ID_EXAMPLE = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
const KID_EXAMPLE = '3343c158-d371-41cd-be7d-d8b3cb133445';

export class KeyRequest {
  @Nested(() => Subject, { description: 'The subject of the request' }) subject: Subject;
}

export class KeyRequestAnswer {
  @Pem({ example: CSR_EXAMPLE, description: 'PKCS#10 request in PEM, to send to the vendor' }) csr: string;
}

export class KeyCertificateRequest {
  @Pem({ example: CERTIFICATE_EXAMPLE, description: "The vendor's certificate: one PEM block" })
  certificate: string;

  @Text({ max: 128, pattern: KID_PATTERN, example: KID_EXAMPLE, description: 'The kid that the vendor assigned' })
  kid: string;
}

export class KeyCertificate {
  @Identifier({ example: ID_EXAMPLE }) id: string;
  @Identifier({ example: ID_EXAMPLE }) keyId: string;
  @Text({
    max: 128,
    example: KID_EXAMPLE,
    description: 'Key ID of the certificate, for `certificateKid` of a token profile',
  })
  kid: string;
  @Choice(['active', 'expired'], { example: 'active' }) state: string;
  @Pem({ example: CERTIFICATE_EXAMPLE }) certificate: string;
  @Text({ max: 1_000, example: '4f2a9c1be07d5a88' }) serialNumber: string;
  @Text({ max: 10_000, example: 'CN=My Awesome Reseller' }) subject: string;
  @Text({ max: 10_000, example: 'CN=Vendor CA' }) issuer: string;
  @Instant() notBefore: Rfc3339;
  @Instant() notAfter: Rfc3339;
  @Instant() createdAt: Rfc3339;
}

export class KeyCertificatePage extends PageOf(KeyCertificate) {}

export const presentKeyCertificate = (row: ForeignCertificate, now: number): KeyCertificate =>
  present(KeyCertificate, {
    ...row,
    certificate: row.certificatePem,
    state: now > row.notAfter ? 'expired' : 'active',
  });
