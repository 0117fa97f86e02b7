import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { keyObjectFromBytes, privateKeyToBytes } from '#crypto';
import type { View } from '#database';
import { type SealedPlace, Vault, sealedColumn } from '#vault';

import { CertificateAuthority, OcspSigner } from './entities.js';

/** Where the keys of authorities and of their delegates are sealed. */
const authorityKeys = sealedColumn(CertificateAuthority, {
  purpose: 'certificate-authority-key',
  column: 'sealedPrivateKey',
});
const signerKeys = sealedColumn(OcspSigner, { purpose: 'ocsp-signer-key', column: 'sealedPrivateKey' });

type Owner = Pick<CertificateAuthority, 'id' | 'tenantId'>;

const OPENED_MAX = 1_000;

/** Seals and opens the private keys of authorities and of their OCSP delegates: they never leave this library. */
@Injectable()
export class AuthorityKeys {
  readonly #opened = new Map<string, KeyObject>();

  constructor(private readonly vault: Vault) {}

  /** @throws SEALED */
  async sealAuthorityKey(view: View, ca: Owner, key: KeyObject): Promise<Buffer> {
    return this.vault.seal(view, authorityKeys.place(ca.tenantId, ca.id), privateKeyToBytes(key));
  }

  /** @throws SEALED */
  async authorityKey(view: View, ca: CertificateAuthority): Promise<KeyObject> {
    return this.open(view, authorityKeys.place(ca.tenantId, ca.id), ca.sealedPrivateKey);
  }

  /** @throws SEALED */
  async sealSignerKey(view: View, signer: Owner, key: KeyObject): Promise<Buffer> {
    return this.vault.seal(view, signerKeys.place(signer.tenantId, signer.id), privateKeyToBytes(key));
  }

  /** @throws SEALED */
  async signerKey(view: View, signer: OcspSigner): Promise<KeyObject> {
    return this.open(view, signerKeys.place(signer.tenantId, signer.id), signer.sealedPrivateKey);
  }

  private async open(view: View, place: SealedPlace, blob: Buffer): Promise<KeyObject> {
    const known = this.#opened.get(place.recordId);
    if (known) return known;
    // RSA or EC: PKCS#8 says itself which it is.
    const key = keyObjectFromBytes('ec', await this.vault.open(view, place, blob));
    if (this.#opened.size >= OPENED_MAX) this.#opened.delete(this.#opened.keys().next().value!);
    this.#opened.set(place.recordId, key);
    return key;
  }
}
