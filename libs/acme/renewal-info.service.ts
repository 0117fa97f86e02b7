import { Injectable } from '@nestjs/common';

import { CertificateAuthorities, Certificates } from '#certificates';
import { type Origin, coreErrors } from '#core';
import { parseCertificate } from '#pki';

import { readCertificateId } from './certificate-id.js';
import { type RenewalWindow, renewalWindow } from './renewal-window.js';

/** When clients should renew (RFC 9773). Public: who asks has the certificate, which says as much itself. */
@Injectable()
export class RenewalInfo {
  constructor(
    private readonly authorities: CertificateAuthorities,
    private readonly certificates: Certificates,
  ) {}

  /**
   * The suggested window of a certificate of the authority.
   * @param text the unique identifier of the certificate (§4.1)
   * @throws NOT_FOUND
   */
  async of(origin: Origin, caId: string, text: string): Promise<RenewalWindow> {
    const tenantId = await this.authorities.tenantOf(origin, caId);
    const id = readCertificateId(text);
    const issuer = parseCertificate(await this.authorities.publishedCertificate(origin, caId));
    const keyIdentifier = issuer.ok ? issuer.value.subjectKeyIdentifier : undefined;
    if (!id || !keyIdentifier?.equals(id.authorityKeyIdentifier)) throw coreErrors.NOT_FOUND();
    const filter = { caId, serialNumber: id.serialNumber };
    const { items } = await this.certificates.list({ ...origin, tenantId }, filter, { limit: 1 });
    const [found] = items;
    if (!found || found.certificate.certificatePem === null) throw coreErrors.NOT_FOUND();
    return renewalWindow(found.certificate, found.state === 'active' || found.state === 'expired');
  }
}
