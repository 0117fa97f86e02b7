import { type KeyObject, createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  Clock,
  coreErrors,
  DAY,
  type EpochMilliseconds,
  HOUR,
  MINUTE,
  type Origin,
  SECOND,
  type TenantScope,
  endedOrGivenUp,
  platformScope,
  systemOrigin,
} from '#core';
import { CpuQueue, publicKeyToBytes, uuidv7 } from '#crypto';
import { type Basis, Database, LastArtefacts, type View } from '#database';
import { toPem } from '#asn1';
import {
  type CertificateStatus,
  type IssuerHashes,
  type OcspRequest,
  buildTbsCertificate,
  issuerHashes,
  issuerOf,
  namesIssuer,
  ocspError,
  ocspSignerProfile,
  parseOcspRequest,
  randomSerialNumber,
  signCertificate,
  signOcspResponse,
  validityFrom,
} from '#pki';
import { tenantState } from '#tenants';

import { generateAuthorityKey } from './authority-key-algorithms.js';
import { AuthorityKeys } from './authority-keys.service.js';
import { Certificate, CertificateAuthority, OcspSigner } from './entities.js';
import { authorityEvents } from './events.js';
import { recordingLintFailure, lintBeforeSigning } from './pre-sign-lint.js';
import { STATUS_OF_STATE } from './lifecycle.js';
import { readStored } from './stored-certificate.js';

export interface OcspReply {
  readonly der: Buffer;
  /** Until when it answers everybody who asks the same; `undefined` for an answer to one question only, with a nonce. */
  readonly cacheableUntil: EpochMilliseconds | undefined;
  /** What it says, in the order of the question. */
  readonly statuses: string;
}

/** For how long an answer holds. A cache that keeps it sees a revocation that much later, and no asker has to. */
const ANSWER_VALIDITY = HOUR;
/** A kept answer is signed again before its end: an asker whose clock is ahead would reject what is about to end. */
const RENEWED_BEFORE_END = 5 * MINUTE;
const SIGNER_VALIDITY_DAYS = 7;
/** A delegate is replaced well before its end, so that no answer outlives it. */
const SIGNER_RENEWED_BEFORE_END = 2 * DAY;
/** How long a question waits for a key store that is to sign the next delegate, where the last one is still valid. */
const STORE_WAIT = SECOND;
const HASHES_HELD_MAX = 1_000;
const HELD = { entriesMax: 10_000, bytesMax: 16 * 1024 * 1024 };
/** An instant that has passed: what holds until then is not held. */
const NEVER = 0;

/** That a question was answered. */
export interface OcspAnswer {
  readonly answeredAt: EpochMilliseconds;
  /** What it said, in the order of the question. */
  readonly statuses: string;
}

/** Whether a delegate still answers. */
type SignerLasts = (signer: OcspSigner | null, now: EpochMilliseconds) => boolean;

/** An answer and what it was read from. */
interface GivenReply {
  readonly reply: OcspReply;
  readonly tenantId: string;
  /** While it holds the answer is given again; `undefined` for one that is not. */
  readonly basis: Basis | undefined;
}

/**
 * Answers what holds of a certificate now (RFC 6960): from its row, or by the answer that was signed before where nothing
 * in the tenant has changed since, in whatever process.
 */
@Injectable()
export class OcspResponder {
  readonly #hashes = new Map<string, IssuerHashes>();
  /** The last answer without a nonce to each question, for as long as it says that it holds. */
  readonly #last: LastArtefacts<GivenReply>;
  readonly #answered = new Map<string, OcspAnswer>();
  /** The delegates that this process issues at this moment, by their authority. */
  readonly #issuing = new Map<string, Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly keys: AuthorityKeys,
    private readonly cpu: CpuQueue,
    private readonly clock: Clock,
  ) {
    this.#last = new LastArtefacts(clock, HELD);
  }

  /**
   * While the database is away, the last answer to the same question is repeated until its nextUpdate. It has no nonce,
   * also where one was sent: what was signed before cannot have it (RFC 9654 §2.1).
   * @throws NOT_FOUND where there is no such authority, SEALED, DATABASE_UNAVAILABLE; never for a bad request
   */
  async answer(origin: Origin, caId: string, request: Buffer): Promise<OcspReply> {
    const parsed = parseOcspRequest(request);
    if (!parsed.ok) return refusal('malformedRequest');
    const question = questionOf(caId, parsed.value);
    const { value } = await this.#last.publish(question, async () => {
      const last = this.#last.last(question);
      const given =
        last !== undefined && parsed.value.nonce === undefined && (await this.isStillRight(last))
          ? last
          : await this.answerNow(origin, caId, parsed.value);
      // An answer with a nonce is kept for no other client; it ends the one that was held where that says something else.
      const isSame = this.#last.last(question)?.reply.statuses === given.reply.statuses;
      const until = given.reply.cacheableUntil ?? (isSame ? undefined : NEVER);
      return { value: given, bytes: given.reply.der.length, until };
    });
    // The authority exists, or there would have been no answer; the one that was asked last is the last to be forgotten.
    this.#answered.delete(caId);
    if (this.#answered.size >= HASHES_HELD_MAX) this.#answered.delete(this.#answered.keys().next().value!);
    this.#answered.set(caId, { answeredAt: this.clock.now(), statuses: value.reply.statuses });
    return value.reply;
  }

  /** The last answer about certificates of an authority, as far as this process gave it. */
  lastAnswer(caId: string): OcspAnswer | undefined {
    return this.#answered.get(caId);
  }

  private async isStillRight({ tenantId, basis }: GivenReply): Promise<boolean> {
    return basis !== undefined && this.database.stillHolds(tenantId, basis);
  }

  private async answerNow(origin: Origin, caId: string, request: OcspRequest): Promise<GivenReply> {
    const ca = await this.database.readPlatform(platformScope(origin), (view) => readAuthority(view, caId));
    const hashes = this.hashesOf(ca);
    await this.ensureSigner(origin, ca);
    const { tenantId } = ca;
    const { value: reply, basis } = await this.database.known(tenantId, async (view) => {
      const value = await this.sign(view, ca, request, hashes);
      return { value, from: view.now, until: (value.cacheableUntil ?? NEVER) - RENEWED_BEFORE_END };
    });
    // To issue a certificate changes no number: what is unknown is looked for each time.
    return { reply, tenantId, basis: reply.statuses.includes('unknown') ? undefined : basis };
  }

  private async sign(
    view: View,
    ca: CertificateAuthority,
    { certificateIds, nonce }: OcspRequest,
    hashes: IssuerHashes,
  ): Promise<OcspReply> {
    const signer = await view.findOne(OcspSigner, { caId: ca.id });
    // The authority has expired: its responder is no longer authorised.
    if (!signer || view.now > signer.notAfter) return refusal('unauthorized');
    const { der, publicKeyInfo } = readStored(signer);
    const producedAt = view.now;
    const nextUpdate = Math.min(producedAt + ANSWER_VALIDITY, signer.notAfter);
    const answers = [];
    for (const certificateId of certificateIds) {
      // RFC 6960 §2.2: of the certificates of other issuers this responder knows nothing.
      const status: CertificateStatus = namesIssuer(certificateId, hashes)
        ? await statusOf(view, ca.id, certificateId.serialNumber)
        : { status: 'unknown' };
      answers.push({ certificateId, status });
    }
    const content = {
      answers,
      thisUpdate: producedAt,
      nextUpdate,
      producedAt,
      nonce,
      signerPublicKeyInfo: publicKeyInfo,
      signerCertificate: der,
    };
    const key = await this.keys.signerKey(view, signer);
    const response = await this.cpu.signWith({ group: ca.tenantId }, key, () => signOcspResponse(content, key));
    const statuses = answers.map(({ status }) => status.status).join();
    return { der: response, statuses, cacheableUntil: nonce === undefined ? nextUpdate : undefined };
  }

  /** Issues a delegated responder where there is none that remains valid; it expires no later than the authority. */
  private async ensureSigner(origin: Origin, ca: CertificateAuthority): Promise<void> {
    const scope = { ...systemOrigin('ocsp'), requestId: origin.requestId, sourceAddress: origin.sourceAddress };
    const lasts: SignerLasts = (signer, now) =>
      now > ca.notAfter ||
      (signer !== null &&
        // A delegate that begins in the future was made while the clock was ahead; its answers are rejected.
        signer.notBefore <= now &&
        signer.notAfter - now > Math.min(SIGNER_RENEWED_BEFORE_END, (ca.notAfter - signer.notBefore) / 2));
    const found = await this.database.readPlatform(platformScope(scope), async (view) => {
      const signer = await view.findOne(OcspSigner, { caId: ca.id });
      const isValid = signer !== null && signer.notBefore <= view.now && view.now <= signer.notAfter;
      return { lasts: lasts(signer, view.now), isValid };
    });
    if (found.lasts) return;
    const issuing = this.issueSignerOnce({ ...scope, tenantId: ca.tenantId }, ca, lasts);
    // While the authority's key store is slow or down, its last delegate answers until it ends.
    if (found.isValid && ca.keyStore !== null) await endedOrGivenUp([issuing], STORE_WAIT);
    else await issuing;
  }

  /** Questions that find no delegate at the same time wait for one. */
  private async issueSignerOnce(scope: TenantScope, ca: CertificateAuthority, lasts: SignerLasts): Promise<void> {
    const under = this.#issuing.get(ca.id);
    if (under) return under;
    const issuing = this.issueSigner(scope, ca, lasts).finally(() => this.#issuing.delete(ca.id));
    this.#issuing.set(ca.id, issuing);
    return issuing;
  }

  /** @throws LINT_FAILED, BUSY, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY */
  private async issueSigner(scope: TenantScope, ca: CertificateAuthority, lasts: SignerLasts): Promise<void> {
    const key = await generateAuthorityKey(this.cpu, ca.tenantId, 'P-256');
    const issue = async (): Promise<void> => {
      const { tbs, issuerKey, ...signer } = await this.database.read(scope, (view) => this.newSigner(view, ca, key));
      const signed = await this.cpu.signWith({ group: ca.tenantId }, issuerKey, () => signCertificate(tbs, issuerKey));
      await this.database.transaction(scope, async (tx) => {
        // Of several that find no delegate, one stores it.
        await tx.lock(CertificateAuthority, { id: ca.id });
        tx.housekeeping('another instance was faster');
        if (lasts(await tx.findOne(OcspSigner, { caId: ca.id }), tx.now)) return;
        const place = { id: uuidv7(tx.now), tenantId: ca.tenantId };
        await tx.delete(OcspSigner, { caId: ca.id });
        await tx.insert(OcspSigner, {
          ...place,
          ...signer,
          caId: ca.id,
          certificatePem: toPem('CERTIFICATE', signed),
          sealedPrivateKey: await this.keys.sealSignerKey(tx, place, key),
          createdAt: tx.now,
        });
        const { serialNumber, notAfter } = signer;
        tx.record(authorityEvents.ocsp_signer_issued(ca.id, { details: { serialNumber, notAfter } }));
      });
    };
    await recordingLintFailure(this.database, scope, () => ca.id, issue);
  }

  /** What a delegate's certificate will say, ready to be signed by the authority. @throws LINT_FAILED */
  private async newSigner(view: View, ca: CertificateAuthority, key: KeyObject) {
    const issuerKey = await this.keys.authorityKey(view, ca);
    const issuer = readStored(ca);
    const validity = validityFrom(view.now, SIGNER_VALIDITY_DAYS, issuer);
    const serialNumber = randomSerialNumber();
    const tbs = buildTbsCertificate({
      profile: ocspSignerProfile(SIGNER_VALIDITY_DAYS),
      serialNumber,
      issuer: issuerOf(issuer, issuerKey),
      subject: [{ type: 'commonName', value: 'OCSP' }],
      publicKeyInfo: publicKeyToBytes(key),
      ...validity,
    });
    lintBeforeSigning(tbs, issuer);
    return { tbs, issuerKey, serialNumber, ...validity };
  }

  private hashesOf(ca: CertificateAuthority): IssuerHashes {
    const known = this.#hashes.get(ca.id);
    if (known) return known;
    const hashes = issuerHashes(readStored(ca));
    if (this.#hashes.size >= HASHES_HELD_MAX) this.#hashes.delete(this.#hashes.keys().next().value!);
    this.#hashes.set(ca.id, hashes);
    return hashes;
  }
}

const refusal = (reason: Parameters<typeof ocspError>[0]): OcspReply => ({
  der: ocspError(reason),
  statuses: reason,
  cacheableUntil: undefined,
});

/** What is asked, without the nonce. */
function questionOf(caId: string, { certificateIds }: OcspRequest): string {
  const digest = createHash('sha256');
  for (const { der } of certificateIds) digest.update(der);
  return `${caId}:${digest.digest('base64url')}`;
}

async function readAuthority(view: View, caId: string): Promise<CertificateAuthority> {
  const ca = await view.get(CertificateAuthority, { id: caId });
  if ((await tenantState(view, ca.tenantId)) === 'deleted') throw coreErrors.NOT_FOUND();
  // It has issued nothing.
  if (ca.certificatePem === null) throw coreErrors.NOT_FOUND();
  return ca;
}

/** What the inventory says of a serial number of this issuer; what was never finished was never issued. */
async function statusOf(view: View, caId: string, serialNumber: string): Promise<CertificateStatus> {
  const row =
    (await view.findOne(Certificate, { caId, serialNumber })) ??
    (await view.findOne(CertificateAuthority, { parentId: caId, serialNumber }));
  if (!row) return { status: 'unknown' };
  const status = STATUS_OF_STATE[row.state];
  if (status !== 'revoked') return { status };
  return {
    status,
    revokedAt: Math.min(row.revokedAt ?? row.updatedAt, view.now),
    reason: row.revocationReason ?? 'unspecified',
  };
}
