import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { MINUTE, type Page, type PageRequest, type TenantScope, coreErrors } from '#core';
import { CpuQueue, isSameKey, keyFromJwk, publicKeyToBytes, uuidv7 } from '#crypto';
import { type Committed, Database, type View } from '#database';
import { Keys, Signer, isCompromised, keyErrors } from '#keys';
import {
  type DistinguishedName,
  type ForeignCertificateFacts,
  canSignRequests,
  formatName,
  readForeignCertificate,
  signCertificateRequest,
} from '#pki';
import { toPem } from '#asn1';

import type { CertifiedHolder } from './certificate-verifier.js';
import { Certificate, ForeignCertificate } from './entities.js';
import { certificateErrors } from './errors.js';
import { foreignCertificateEvents } from './events.js';

/** The certificate that a vendor issued for a request. */
interface ReceivedCertificate {
  /** PEM, one certificate. */
  readonly certificate: string;
  /** The `kid` that the vendor uses. */
  readonly kid: string;
}

/** A certificate whose `kid` identifies a key in tokens, or why it is not usable now. */
type ForeignHolder =
  | (Omit<CertifiedHolder, 'certificate'> & { readonly certificate: ForeignCertificate })
  | { readonly code: 'CERTIFICATE_REVOKED' | 'CERTIFICATE_EXPIRED'; readonly certificate: ForeignCertificate };

/** Tolerance for a vendor's clock that is ahead, whose certificates start in our future. */
const CLOCK_TOLERANCE = 5 * MINUTE;

/** Creates requests for keys of the tenant that others certify, and stores the certificates. Only their dates decide their validity. */
@Injectable()
export class ForeignCertificates {
  constructor(
    private readonly database: Database,
    private readonly keys: Keys,
    private readonly signer: Signer,
    private readonly cpu: CpuQueue,
  ) {}

  /**
   * Creates a request with the version of the key that signs now; the key need not be exportable.
   * @returns PEM
   * @throws NOT_FOUND, KEY_NOT_USABLE, KEY_HAS_NO_PUBLIC_HALF, BUSY
   */
  async request(scope: TenantScope, keyId: string, subject: DistinguishedName): Promise<Committed<string>> {
    const { signingKey, kid } = await this.database.read(scope, async (view) => {
      await this.keys.byId(view, keyId);
      return this.signer.signingKey(view, keyId);
    });
    if (!canSignRequests(signingKey)) {
      throw keyErrors.KEY_HAS_NO_PUBLIC_HALF('No request can be made for a key of this algorithm');
    }
    const work = { group: scope.tenantId };
    const der = await this.cpu.signWith(work, signingKey, () => signCertificateRequest(subject, signingKey));
    return this.database.transaction(scope, async (tx) => {
      tx.record(foreignCertificateEvents.requested(keyId, { kid, details: { subject: formatName(subject) } }));
      return toPem('CERTIFICATE REQUEST', der);
    });
  }

  /**
   * Stores a certificate of the version that signs now: profiles that name its `kid` sign with it.
   * @throws NOT_FOUND, KEY_NOT_USABLE, KEY_HAS_NO_PUBLIC_HALF, KEY_NOT_OF_CERTIFICATE, CERTIFICATE_KID_TAKEN,
   *   VALIDATION_ERROR if it is not a certificate, or has expired
   */
  async store(
    scope: TenantScope,
    keyId: string,
    received: ReceivedCertificate,
  ): Promise<Committed<ForeignCertificate>> {
    const { kid } = received;
    await this.database.read(scope, (view) => this.keys.byId(view, keyId));
    const parsed = read(received.certificate);
    return this.database.transaction(scope, async (tx) => {
      const { signing } = await this.keys.lockUsable(tx, keyId);
      if (!signing.publicJwk) throw keyErrors.KEY_HAS_NO_PUBLIC_HALF();
      if (!isSameKey(parsed.publicKey, keyFromJwk(signing.publicJwk))) throw certificateErrors.KEY_NOT_OF_CERTIFICATE();
      if (parsed.notAfter < tx.now) throw wrong('EXPIRED', 'the certificate has expired');
      if (await tx.exists(Certificate, { kid })) throw certificateErrors.CERTIFICATE_KID_TAKEN();
      const row: ForeignCertificate = {
        id: uuidv7(tx.now),
        tenantId: scope.tenantId,
        keyId,
        kid,
        serialNumber: parsed.serialNumber,
        subject: parsed.subject,
        issuer: parsed.issuer,
        publicKeyHash: createHash('sha256').update(publicKeyToBytes(parsed.publicKey)).digest('hex'),
        certificatePem: toPem('CERTIFICATE', parsed.der),
        notBefore: parsed.notBefore,
        notAfter: parsed.notAfter,
        announcedAt: null,
        expiredAt: null,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(ForeignCertificate, row, { duplicate: () => certificateErrors.CERTIFICATE_KID_TAKEN() });
      const { serialNumber, subject, issuer, notAfter } = row;
      tx.record(
        foreignCertificateEvents.stored(row.id, { kid, details: { keyId, serialNumber, subject, issuer, notAfter } }),
      );
      return row;
    });
  }

  /** Those of one key, oldest first. @throws NOT_FOUND */
  async list(scope: TenantScope, keyId: string, page: PageRequest): Promise<Page<ForeignCertificate>> {
    return this.database.read(scope, async (view) => {
      await this.keys.byId(view, keyId);
      return view.page(ForeignCertificate, { keyId }, [['id', 'ASC']], page);
    });
  }

  /** A step: the holder of the certificate that a tenant's own profile names; `undefined` if it is not stored. */
  async holderOf(view: View, kid: string): Promise<ForeignHolder | undefined> {
    const certificate = await view.findOne(ForeignCertificate, { kid });
    if (!certificate) return undefined;
    const { notBefore, notAfter, publicKeyHash } = certificate;
    if (view.now < notBefore - CLOCK_TOLERANCE || view.now > notAfter)
      return { code: 'CERTIFICATE_EXPIRED', certificate };
    if (await isCompromised(view, publicKeyHash)) return { code: 'CERTIFICATE_REVOKED', certificate };
    return { code: 'OK', certificate, publicKey: read(certificate.certificatePem).publicKey };
  }
}

function read(pem: string): ForeignCertificateFacts {
  const parsed = readForeignCertificate(pem);
  if (parsed.ok) return parsed.value;
  throw wrong('INVALID_CERTIFICATE', parsed.detail);
}

const wrong = (code: string, detail: string): Error =>
  coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/certificate', code, detail }] });
