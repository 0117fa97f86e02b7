import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { keyObjectFromBytes, privateKeyToBytes } from '#crypto';
import type { View } from '#database';
import { type SealedPlace, Vault } from '#vault';

import type { CertificateAuthority, OcspSigner } from './entities.js';

type AuthorityPlace = Pick<CertificateAuthority, 'id' | 'tenantId'>;
type SignerPlace = Pick<OcspSigner, 'id' | 'tenantId' | 'serialNumber'>;

const OPENED_MAX = 1_000;

/** Seals and opens the private keys of authorities and of their OCSP delegates: they never leave this library. */
@Injectable()
export class AuthorityKeys {
  readonly #opened = new Map<string, KeyObject>();

  constructor(private readonly vault: Vault) {}

  /** @throws SEALED */
  async sealAuthorityKey(view: View, ca: AuthorityPlace, key: KeyObject): Promise<Buffer> {
    return this.vault.seal(view, authorityPlace(ca), privateKeyToBytes(key));
  }

  /** @throws SEALED */
  async authorityKey(view: View, ca: CertificateAuthority): Promise<KeyObject> {
    return this.open(view, authorityPlace(ca), ca.sealedPrivateKey);
  }

  /** @throws SEALED */
  async sealSignerKey(view: View, signer: SignerPlace, key: KeyObject): Promise<Buffer> {
    return this.vault.seal(view, signerPlace(signer), privateKeyToBytes(key));
  }

  /** @throws SEALED */
  async signerKey(view: View, signer: OcspSigner): Promise<KeyObject> {
    return this.open(view, signerPlace(signer), signer.sealedPrivateKey);
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

const authorityPlace = ({ id, tenantId }: AuthorityPlace): SealedPlace => ({
  tenantId,
  purpose: 'certificate-authority-key',
  recordId: id,
  column: 'sealedPrivateKey',
});

const signerPlace = ({ id, tenantId, serialNumber }: SignerPlace): SealedPlace => ({
  tenantId,
  purpose: 'ocsp-signer-key',
  recordId: `${id}:${serialNumber}`,
  column: 'sealedPrivateKey',
});
