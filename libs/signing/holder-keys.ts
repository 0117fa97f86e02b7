import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { CertificateVerifier, ForeignCertificates } from '#certificates';
import { algorithm, allKeyKinds, isAlgorithmName } from '#crypto';
import type { View } from '#database';

import type { RefusalCode, VerifyingKey } from './token-format.js';

/** Whom a certificate names, and the key that it certifies. */
export interface HolderKey {
  readonly kid: string;
  readonly tenantId: string;
  /** The service that the certificate was issued to; `null` for one that belongs to the tenant alone. */
  readonly serviceId: string | null;
  /** The name in the certificate, for the history. */
  readonly subject: string;
  /** What its tokens are verified with, or why there is nothing to verify them with now. */
  readonly key: VerifyingKey | RefusalCode;
}

/** One for each kind of key that a certificate can have. */
const ALGORITHMS = allKeyKinds.flatMap(({ holderAlgorithms }) => holderAlgorithms).filter(isAlgorithmName);

/** Finds certified keys by the `kid` that tokens name them by; never by what a token itself brings along. */
@Injectable()
export class HolderKeys {
  constructor(
    private readonly certificates: CertificateVerifier,
    private readonly foreign: ForeignCertificates,
  ) {}

  /** A step: the certificate within the reach of the view, usable or not. */
  async find(view: View, kid: string): Promise<HolderKey | undefined> {
    const held = await this.certificates.holderOf(view, kid);
    if (!held.certificate) return undefined;
    const { tenantId, serviceId, subject } = held.certificate;
    const key = held.code === 'OK' ? verifyingKey(kid, held.publicKey) : held.code;
    return { kid, tenantId, serviceId, subject, key };
  }

  /**
   * A step: the same for the certificate of a tenant's own profile, which somebody else may have issued. Such a certificate
   * names no party but the tenant itself: no request of others is accepted by it.
   */
  async ofProfile(view: View, kid: string): Promise<HolderKey | undefined> {
    const issued = await this.find(view, kid);
    const held = issued ? undefined : await this.foreign.holderOf(view, kid);
    if (!held) return issued;
    const { tenantId, subject } = held.certificate;
    const key = held.code === 'OK' ? verifyingKey(kid, held.publicKey) : held.code;
    return { kid, tenantId, serviceId: null, subject, key };
  }
}

function verifyingKey(kid: string, publicKey: KeyObject): VerifyingKey | RefusalCode {
  const name = ALGORITHMS.find((candidate) => algorithm(candidate).fits(publicKey));
  return name === undefined ? 'KEY_NOT_USABLE' : { kid, algorithm: name, verifyingKey: publicKey };
}
