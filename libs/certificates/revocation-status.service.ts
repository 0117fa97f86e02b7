import { Injectable } from '@nestjs/common';

import type { EpochMilliseconds, TenantScope } from '#core';
import { Database, type View } from '#database';

import { isDue } from './crls.service.js';
import { CertificateAuthority, Crl, CrlPart, OcspSigner } from './entities.js';
import { OcspResponder } from './ocsp.service.js';

interface CrlStatus {
  /** CRLNumber (RFC 5280 §5.2.3). */
  readonly number: number;
  readonly thisUpdate: EpochMilliseconds;
  readonly nextUpdate: EpochMilliseconds;
  readonly bytes: number;
  /** Whether the next list has to be signed: something was revoked since, or this one is an hour old. */
  readonly isDue: boolean;
}

interface OcspStatus {
  /** The delegate that signs the answers; `undefined` before the first question. */
  readonly signer: Pick<OcspSigner, 'serialNumber' | 'notBefore' | 'notAfter'> | undefined;
  /** The last question that this process answered. */
  readonly lastAnswer: ReturnType<OcspResponder['lastAnswer']>;
}

export interface RevocationStatus {
  /** The list that is published; `undefined` before the first. */
  readonly crl: CrlStatus | undefined;
  readonly ocsp: OcspStatus;
}

/** Where relying parties find out what an authority revoked, and in what state that is. */
@Injectable()
export class RevocationStatuses {
  constructor(
    private readonly database: Database,
    private readonly responder: OcspResponder,
  ) {}

  /** @throws NOT_FOUND */
  async of(scope: TenantScope, caId: string): Promise<RevocationStatus> {
    return this.database.read(scope, async (view) => {
      await view.get(CertificateAuthority, { id: caId });
      const signer = (await view.findOne(OcspSigner, { caId })) ?? undefined;
      return { crl: await crlStatus(view, caId), ocsp: { signer, lastAnswer: this.responder.lastAnswer(caId) } };
    });
  }
}

async function crlStatus(view: View, caId: string): Promise<CrlStatus | undefined> {
  const row = await view.findOne(Crl, { id: caId });
  // An authority without a certificate publishes none.
  if (!row) return undefined;
  const { number, thisUpdate, nextUpdate, parts } = row;
  if (number === 0) return undefined;
  const found = await view.find(CrlPart, { caId, crlNumber: number }, { columns: ['content'], limit: parts });
  const bytes = found.reduce((sum, { content }) => sum + content.length, 0);
  return { number, thisUpdate, nextUpdate, bytes, isDue: isDue(row, view.now) };
}
