import { Injectable } from '@nestjs/common';

import type { Tx, View } from '#database';
import { KeyCertificates } from '#keys';

import { revokeAuthoritiesOf } from './authority-revocation.service.js';
import { Crls } from './crls.service.js';
import { revokeCertificatesOf, unrevokedCertificatesOf } from './status-change.js';

/** Revokes what certifies a key that was compromised, for the libraries below. */
@Injectable()
export class CertificatesOfKeys extends KeyCertificates {
  constructor(private readonly crls: Crls) {
    super();
  }

  override async affectedBy(view: View, publicKeyHash: string): Promise<readonly string[]> {
    return (await unrevokedCertificatesOf(view, publicKeyHash)).map(({ kid }) => kid);
  }

  override async revokeAll(tx: Tx, publicKeyHash: string): Promise<void> {
    await revokeCertificatesOf(tx, this.crls, publicKeyHash);
    await revokeAuthoritiesOf(tx, this.crls, publicKeyHash);
  }
}
