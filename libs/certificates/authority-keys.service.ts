import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type SigningHalf, keyObjectFromBytes, privateKeyToBytes, publicKeyFromBytes } from '#crypto';
import type { View } from '#database';
import { KeyStores } from '#key-stores';
import type { NewPrivateHalf } from '#keys';
import { type SealedPlace, Vault, sealedColumn } from '#vault';

import { CertificateAuthority, OcspSigner } from './entities.js';
import { readStored } from './stored-certificate.js';

/** The sealed columns of the keys of authorities and their delegates. */
const authorityKeys = sealedColumn(CertificateAuthority, {
  purpose: 'certificate-authority-key',
  column: 'sealedPrivateKey',
});
const signerKeys = sealedColumn(OcspSigner, { purpose: 'ocsp-signer-key', column: 'sealedPrivateKey' });

type Owner = Pick<CertificateAuthority, 'id' | 'tenantId'>;

const OPENED_MAX = 1_000;
const NO_BYTES = Buffer.alloc(0);

/** Seals and opens the private keys of authorities and of their OCSP delegates: they never leave this library, or their key store. */
@Injectable()
export class AuthorityKeys {
  readonly #opened = new Map<string, KeyObject>();

  constructor(
    private readonly vault: Vault,
    private readonly stores: KeyStores,
  ) {}

  /** Prepares the key of a new authority for its row. */
  newKey(tenantId: string, half: NewPrivateHalf): SigningHalf {
    if (half.in === 'database') return half.signingKey;
    return this.stores.key(half.store, { tenantId, recordId: half.recordId }, half.publicKey);
  }

  /** @throws SEALED */
  async sealAuthorityKey(view: View, ca: Owner, key: KeyObject): Promise<Buffer> {
    return this.vault.seal(view, authorityKeys.place(ca.tenantId, ca.id), privateKeyToBytes(key));
  }

  /**
   * Opens the key of an authority. A key store is called with the first signature; the certificate verifies what it signs.
   * @param group whose turn a signature in a store uses
   * @throws SEALED; BLOB_UNREADABLE if the row was altered
   */
  async authorityKey(view: View, ca: CertificateAuthority, group = ca.tenantId): Promise<SigningHalf> {
    const { id, tenantId, keyStore, sealedPrivateKey } = ca;
    // A row with neither was altered, and fails like an altered sealed value.
    if (keyStore === null) return this.open(view, authorityKeys.place(tenantId, id), sealedPrivateKey ?? NO_BYTES);
    const publicKey = publicKeyFromBytes(readStored(ca).publicKeyInfo);
    return this.stores.key(keyStore, { tenantId, recordId: id }, publicKey, group);
  }

  /**
   * Checks that the store of the authority answers, before a row is written that only a signature completes.
   * @throws KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async requireAnswer({ tenantId, keyStore }: CertificateAuthority): Promise<void> {
    if (keyStore !== null) await this.stores.requireAnswer(tenantId, keyStore);
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
    // RSA or EC: PKCS#8 contains the type.
    const key = keyObjectFromBytes('ec', await this.vault.open(view, place, blob));
    if (this.#opened.size >= OPENED_MAX) this.#opened.delete(this.#opened.keys().next().value!);
    this.#opened.set(place.recordId, key);
    return key;
  }
}
