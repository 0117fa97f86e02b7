import { Injectable } from '@nestjs/common';

import type { Tx, View } from '#database';
import { type CertifiedByKey, KeyCertificates } from '#keys';

import { authoritiesToRevoke, revokeAuthoritiesOf } from './authority-status.js';
import { Crls } from './crls.service.js';
import { revokeCertificatesOf, unrevokedCertificatesOf } from './status-change.js';

/** Revokes the certificates of a compromised key, for lower libraries. */
@Injectable()
export class CertificatesOfKeys extends KeyCertificates {
  constructor(private readonly crls: Crls) {
    super();
  }

  override async affectedBy(view: View, publicKeyHash: string): Promise<CertifiedByKey> {
    const certificates = await unrevokedCertificatesOf(view, publicKeyHash);
    return {
      certificates: certificates.map(({ kid }) => kid),
      authorities: await authoritiesToRevoke(view, publicKeyHash),
    };
  }

  override async revokeAll(tx: Tx, publicKeyHash: string): Promise<void> {
    await revokeCertificatesOf(tx, this.crls, publicKeyHash);
    await revokeAuthoritiesOf(tx, this.crls, publicKeyHash);
  }
}
