import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { CertificateVerifier, ForeignCertificates } from '#certificates';
import { algorithm, allKeyKinds, isAlgorithmName } from '#crypto';
import type { View } from '#database';

import type { RefusalCode, VerifyingKey } from './token-format.js';

/** The holder of a certificate, and the certified key. */
export interface HolderKey {
  readonly kid: string;
  readonly tenantId: string;
  /** The service that the certificate was issued to; `null` for one that belongs to the tenant alone. */
  readonly serviceId: string | null;
  /** The name in the certificate, for the history. */
  readonly subject: string;
  /** The key that verifies its tokens, or the reason why there is none now. */
  readonly key: VerifyingKey | RefusalCode;
}

/** The algorithms of holders, for each kind of certified key. */
const ALGORITHMS = allKeyKinds.flatMap(({ holderAlgorithms }) => holderAlgorithms).filter(isAlgorithmName);

/** Finds certified keys by the `kid` of a token, never by a key or certificate in the token itself. */
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
   * A step: the same for the certificate of a tenant's own profile, which another authority may have issued. Such a
   * certificate identifies only the tenant itself, so that it authenticates no requests.
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
