import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import type { View } from '#database';
import { isCompromised } from '#keys';
import { certifiedKey } from '#pki';
import { isServiceActive } from '#service-keys';
import { tenantState } from '#tenants';

import { Certificate } from './entities.js';
import { type CertificateState, certificateStateAt } from './lifecycle.js';
import { readStored } from './stored-certificate.js';

/** The holder of a certificate that is valid now. */
export interface CertifiedHolder {
  readonly code: 'OK';
  readonly certificate: Certificate;
  readonly publicKey: KeyObject;
}

interface UnusableCertificate {
  readonly code: 'UNKNOWN_KID' | 'CERTIFICATE_REVOKED' | 'CERTIFICATE_EXPIRED';
  /** The service of the certificate, if any. */
  readonly certificate?: Certificate;
}

const REFUSALS: Partial<Record<CertificateState, UnusableCertificate['code']>> = {
  issuing: 'UNKNOWN_KID',
  held: 'CERTIFICATE_REVOKED',
  revoked: 'CERTIFICATE_REVOKED',
  expired: 'CERTIFICATE_EXPIRED',
};

/**
 * Finds the holder of the certificate with a `kid`. The certificate is read from the inventory, never from the caller; its row
 * decides whether it is valid, and no path is built.
 */
@Injectable()
export class CertificateVerifier {
  /**
   * A step: the certificate with that `kid` in the view, usable now or not: in a tenant's view, a certificate of the tenant; in
   * a platform view, of any tenant, because a `kid` is unique in the installation.
   */
  async holderOf(view: View, kid: string): Promise<CertifiedHolder | UnusableCertificate> {
    const certificate = await view.findOne(Certificate, { kid });
    if (!certificate) return { code: 'UNKNOWN_KID' };
    const code = await this.refusalOf(view, certificate);
    if (code !== undefined) return code === 'UNKNOWN_KID' ? { code } : { code, certificate };
    const publicKey = certifiedKey(readStored(certificate));
    return publicKey ? { code: 'OK', certificate, publicKey } : { code: 'UNKNOWN_KID' };
  }

  private async refusalOf(view: View, certificate: Certificate): Promise<UnusableCertificate['code'] | undefined> {
    const code = REFUSALS[certificateStateAt(certificate, view.now)];
    if (code !== undefined) return code;
    const { serviceId, tenantId } = certificate;
    const served = serviceId === null || (await isServiceActive(view, serviceId));
    // Certificates of a deleted service or of a tenant that is not active are treated as revoked.
    if (!served || (await tenantState(view, tenantId)) !== 'active') return 'CERTIFICATE_REVOKED';
    // Another tenant with the same key may have reported it: that revokes only its own certificates.
    return (await isCompromised(view, certificate.publicKeyHash)) ? 'CERTIFICATE_REVOKED' : undefined;
  }
}
