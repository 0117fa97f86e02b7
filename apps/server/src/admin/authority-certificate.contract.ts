import type { CertificateImpact } from '#certificates';
import type { Rfc3339 } from '#core';

import { Flag, Instant, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { CERTIFICATE_EXAMPLE, Pem } from './pem.contract.js';

/** What an external issuer returns for the request of an authority. */
export class AuthorityCertificate {
  @Pem({ description: 'Its certificate, followed by those of its issuers', example: CERTIFICATE_EXAMPLE })
  certificatePem: string;
}

export class AuthorityCertificateImpact {
  @Text({ description: 'RFC 4514', example: 'CN=Example Issuing CA,O=Example Ltd,C=DE' }) subject: string;
  @Text({ description: 'RFC 4514', example: 'CN=Example Root CA,O=Example Ltd,C=DE' }) issuer: string;
  @Text({ description: 'Hexadecimal', example: '4f2a9c1be07d5a8831f6c0de42ab7719' }) serialNumber: string;
  @Instant({ description: 'Start of the validity' }) notBefore: Rfc3339;
  @Instant({ description: 'End of the validity' }) notAfter: Rfc3339;
  @WholeNumber({ nullable: true, description: 'How many subordinate authorities the chain permits', example: 0 })
  pathLength: number | null;
  @Text({
    nullable: true,
    description: 'Serial number of the certificate that it would replace; null for the first one and for the same one',
    example: null,
  })
  replacedSerialNumber: string | null;
}

export class AuthorityCertificateDryRun {
  @Flag({ description: 'Whether the certificate is accepted' }) allowed: boolean;
  @Nested(() => AuthorityCertificateImpact, { description: 'What it says' }) impact: AuthorityCertificateImpact;
}

export const presentCertificateDryRun = ({
  allowed,
  impact,
}: {
  readonly allowed: boolean;
  readonly impact: CertificateImpact;
}): AuthorityCertificateDryRun => ({ allowed, impact: present(AuthorityCertificateImpact, impact) });
