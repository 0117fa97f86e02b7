import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  BACKWARD_TOLERANCE,
  Clock,
  coreErrors,
  DAY,
  DomainError,
  type EpochMilliseconds,
  HOUR,
  type Origin,
  SECOND,
  endedOrGivenUp,
  platformScope,
  systemOrigin,
  type TenantScope,
} from '#core';
import { CpuQueue, type SigningHalf, uuidv7 } from '#crypto';
import { releaseObjects } from '#key-stores';
import {
  Database,
  LastArtefacts,
  isDatabaseAway,
  In,
  LessThan,
  LessThanOrEqual,
  MoreThan,
  MoreThanOrEqual,
  type Tx,
  type View,
} from '#database';
import { type CrlContent, type RevokedCertificate, buildTbsCrl, issuerOf, signCrl } from '#pki';
import { DueItems, DueKind, Expires } from '#scheduler';
import { tenantState } from '#tenants';

import { AuthorityKeys } from './authority-keys.service.js';
import { Certificate, CertificateAuthority, Crl, CrlPart } from './entities.js';
import { authorityErrors } from './errors.js';
import { authorityEvents } from './events.js';
import { listedStates } from './lifecycle.js';
import { readStored } from './stored-certificate.js';

interface PublishedCrl {
  readonly der: Buffer;
  readonly number: number;
  readonly thisUpdate: EpochMilliseconds;
  readonly nextUpdate: EpochMilliseconds;
}

const CRL_VALIDITY = DAY;
const REBUILD_EVERY = HOUR;
/** The last instant that a clock here can show: never. */
const NEVER = 8_640_000_000_000_000;
/** RFC 5280 §3.3: an entry appears on one more list after its certificate has expired. */
const KEPT_AFTER_EXPIRY = 2 * CRL_VALIDITY;
const ENTRIES_READ_AT_ONCE = 5_000;
const ATTEMPTS_MAX = 5;
const PART_BYTES = 60_000;
/** How long a request for a list waits for a key store that is to sign the next one. */
const STORE_WAIT = 2 * SECOND;
const HELD = { entriesMax: 1_000, bytesMax: 64 * 1024 * 1024 };
const SYSTEM = systemOrigin('crl');

/**
 * The revocation lists. A revocation marks the list as due; it is built by the scheduler, or by the first request
 * for it: so a response never lacks a revocation that preceded the request.
 */
@Expires({})
@Injectable()
export class Crls extends DueKind<Crl> {
  readonly runsWhilePaused = true;
  /** The last list of each authority that was read: also while the database is away. */
  readonly #held: LastArtefacts<PublishedCrl>;
  /** The lists that this process signs at this moment. */
  readonly #building = new Map<string, Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly keys: AuthorityKeys,
    private readonly clock: Clock,
    private readonly cpu: CpuQueue,
  ) {
    super(
      new DueItems(database, {
        kind: 'CRL',
        scope: platformScope(SYSTEM),
        entity: Crl,
        lists: [
          {
            where: (now) => ({ rebuildAt: LessThanOrEqual(now) }),
            happens: 'is signed anew',
            isRoutine: true,
            dueColumn: 'rebuildAt',
          },
          {
            where: (now) => ({ thisUpdate: MoreThan(now + BACKWARD_TOLERANCE) }),
            dueColumn: 'thisUpdate',
          },
        ],
        handle: ({ id, tenantId }) => this.build({ ...SYSTEM, tenantId }, id),
      }),
    );
    this.#held = new LastArtefacts(clock, HELD);
  }

  /** A step of every new authority: its first list is due immediately. */
  async create(tx: Tx, caId: string): Promise<void> {
    const { tenantId } = tx.scope;
    const due = { thisUpdate: tx.now, nextUpdate: tx.now, rebuildAt: tx.now };
    await tx.insert(Crl, { id: caId, tenantId, number: 0, parts: 0, ...due });
  }

  /** Lists that were signed after the backup had higher numbers: a new one is due before any is returned (RFC 5280 §5.2.3). */
  async onRestored(): Promise<void> {
    await this.database.platform(platformScope(SYSTEM), async (tx) => {
      tx.housekeeping('all revocation lists are signed again after a restoration');
      await tx.update(Crl, { number: MoreThanOrEqual(0) }, { rebuildAt: 0 });
    });
  }

  /** A step of every change of a status: the list is due immediately. */
  async markStale(tx: Tx, caId: string): Promise<void> {
    await tx.update(Crl, { id: caId }, { rebuildAt: tx.confirmed });
  }

  /**
   * The list that holds now, built for this question if it is due.
   * @throws NOT_FOUND, PKI_UNAVAILABLE where there is none that still holds
   */
  async current(origin: Origin, caId: string): Promise<PublishedCrl> {
    try {
      const row = await this.database.readPlatform(platformScope(origin), (view) => readRow(view, caId));
      if (isDue(row, this.clock.now())) await this.buildFor({ ...SYSTEM, ...origin, tenantId: row.tenantId }, row);
      return this.requireCurrent(await this.load(origin, caId));
    } catch (error) {
      // While the database is away or the vault is sealed, the last signed list is as good as ever until it ends.
      if (!(error instanceof DomainError) || error.kind !== 'unavailable') throw error;
      return this.lastSigned(origin, caId, error);
    }
  }

  /** For a request. While the list before holds, it does not wait long for a key store. */
  private async buildFor(scope: TenantScope, { id, number, nextUpdate }: Crl): Promise<void> {
    const isHeld = number > 0 && nextUpdate > this.clock.now();
    const { keyStore } = await this.database.read(scope, (view) => view.get(CertificateAuthority, { id }));
    const building = this.build(scope, id);
    if (isHeld && keyStore !== null) await endedOrGivenUp([building], STORE_WAIT);
    else await building;
  }

  private async lastSigned(origin: Origin, caId: string, cause: DomainError): Promise<PublishedCrl> {
    const held = this.#held.last(caId);
    const last = isDatabaseAway(cause) ? held : await this.load(origin, caId).catch(() => held);
    return this.requireCurrent(last, cause);
  }

  /** An authority that has ended has a last list, which ends, too. */
  private requireCurrent(crl: PublishedCrl | undefined, cause?: DomainError): PublishedCrl {
    if (crl && crl.number > 0 && crl.nextUpdate > this.clock.now()) return crl;
    throw authorityErrors.PKI_UNAVAILABLE({ cause, retryAfterSeconds: 5 });
  }

  private async load(origin: Origin, caId: string): Promise<PublishedCrl> {
    const crl = await this.database.readPlatform(platformScope(origin), (view) => this.read(view, caId));
    this.#held.hold(caId, { value: crl, bytes: crl.der.length, until: crl.nextUpdate });
    return crl;
  }

  private async read(view: View, caId: string, attempt = 1): Promise<PublishedCrl> {
    const { number, thisUpdate, nextUpdate, parts } = await readRow(view, caId);
    const held = this.#held.last(caId);
    if (held?.number === number) return held;
    const found = await view.find(CrlPart, { caId, crlNumber: number }, { order: { part: 'ASC' } });
    if (found.length === parts) {
      return { der: Buffer.concat(found.map(({ content }) => content)), number, thisUpdate, nextUpdate };
    }
    // Two newer lists were signed between the two statements, and took the parts of this one away.
    if (attempt === ATTEMPTS_MAX) throw authorityErrors.PKI_UNAVAILABLE({ retryAfterSeconds: 1 });
    return this.read(view, caId, attempt + 1);
  }

  /**
   * Publishes the next list, unless it is no longer due. Requests that ask for it at the same time wait for one signature;
   * where something was revoked since that one began, the list is due again, and the next signature follows.
   */
  private async build(scope: TenantScope, caId: string): Promise<void> {
    for (let running = this.#building.get(caId); running; running = this.#building.get(caId)) {
      await running.catch(() => undefined);
    }
    const building = this.buildNow(scope, caId).finally(() => this.#building.delete(caId));
    this.#building.set(caId, building);
    return building;
  }

  /** The list is signed before the transaction, because an RSA signature takes long. */
  private async buildNow(scope: TenantScope, caId: string): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const next = await this.database.read(scope, (view) => this.nextList(view, caId));
      if (next === 'not due') return;
      if (next === 'ended') return this.end(scope, caId);
      // A turn of its own: a flood of signatures in the tenant does not delay its revocations.
      const der = await this.cpu.signWith({ group: turnOf(caId) }, next.key, () => signCrl(next.tbs, next.key));
      if (await this.database.transaction(scope, (tx) => publish(tx, caId, next, der))) return;
      // Another instance published one meanwhile; what was revoked since then may be missing in it.
    }
    throw authorityErrors.PKI_UNAVAILABLE({ retryAfterSeconds: 1 });
  }

  private async nextList(view: View, caId: string): Promise<NextList | 'not due' | 'ended'> {
    const { now } = view;
    const row = await view.get(Crl, { id: caId });
    if (!isDue(row, now)) return 'not due';
    const ca = await view.get(CertificateAuthority, { id: caId });
    if (await hasEnded(view, ca)) return 'ended';
    const key = await this.keys.authorityKey(view, ca, turnOf(caId));
    const revoked = await revocationsOf(view, caId, now);
    const content = {
      issuer: issuerOf(readStored(ca), key),
      number: Math.max(row.number + 1, now),
      thisUpdate: now,
      nextUpdate: now + CRL_VALIDITY,
      revoked,
    };
    return { content, previousNumber: row.number, key, tbs: buildTbsCrl(content) };
  }

  /** An authority that has ended publishes no further list: none that it signs from then on is accepted (RFC 5280 §6.1.3). */
  private async end(scope: TenantScope, caId: string): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const row = await tx.lock(Crl, { id: caId });
      const ca = await tx.get(CertificateAuthority, { id: caId });
      if (!isDue(row, tx.now) || !(await hasEnded(tx, ca))) return;
      tx.housekeeping('an authority that has ended publishes no further list');
      // By a clock that jumped it may not have ended at all.
      if (tx.now <= ca.notAfter || tx.confirmed > ca.notAfter) await tx.update(Crl, { id: caId }, { rebuildAt: NEVER });
      // Nothing is signed with its key any more.
      if (tx.confirmed > ca.notAfter && ca.keyStore !== null) await releaseObjects(tx, [caId]);
    });
  }
}

/** A list that is ready to be signed, and what it was made from. */
interface NextList {
  readonly content: CrlContent & { readonly number: number };
  /** The number of the list that it replaces. */
  readonly previousNumber: number;
  readonly key: SigningHalf;
  readonly tbs: Buffer;
}

/**
 * A step: stores a signed list unless another one took the place of the one before it. What was revoked since it was
 * read makes it due again, so that a list which lacks a revocation is replaced.
 * @returns whether it was stored
 */
async function publish(tx: Tx, caId: string, next: NextList, der: Buffer): Promise<boolean> {
  const { content, previousNumber, tbs } = next;
  const { number, thisUpdate, nextUpdate } = content;
  // A revocation waits here at the latest, and then marks the list as stale.
  const before = await tx.lock(Crl, { id: caId });
  if (before.number !== previousNumber) return false;
  const revoked = await revocationsOf(tx, caId, thisUpdate);
  const isComplete = buildTbsCrl({ ...content, revoked }).equals(tbs);
  const parts = inParts(der).map((part, index): CrlPart => {
    return { id: uuidv7(tx.now), tenantId: tx.scope.tenantId, caId, crlNumber: number, part: index, content: part };
  });
  for (const part of parts) await tx.insert(CrlPart, part);
  // The one before stays for requests that are about to read it.
  await tx.delete(CrlPart, { caId, crlNumber: LessThan(before.number) });
  const rebuildAt = isComplete ? thisUpdate + REBUILD_EVERY : Math.min(before.rebuildAt, thisUpdate);
  await tx.update(Crl, { id: caId }, { number, thisUpdate, nextUpdate, rebuildAt, parts: parts.length });
  const sha256 = createHash('sha256').update(der).digest('hex');
  tx.record(authorityEvents.crl_published(caId, { details: { number, entries: content.revoked.length, sha256 } }));
  return true;
}

const turnOf = (caId: string): string => `revocations of ${caId}`;

const hasEnded = async (view: View, { notAfter, tenantId }: CertificateAuthority): Promise<boolean> =>
  view.now > notAfter || (await tenantState(view, tenantId)) === 'deleted';

/**
 * Whether the next list must be signed. One that is dated in the future was signed while the clock was ahead: relying
 * parties reject it (RFC 5280 §6.3.3), so it is replaced by one with a higher number.
 */
export const isDue = ({ rebuildAt, thisUpdate }: Crl, now: EpochMilliseconds): boolean =>
  rebuildAt <= now || thisUpdate > now + BACKWARD_TOLERANCE;

async function readRow(view: View, caId: string): Promise<Crl> {
  const row = await view.get(Crl, { id: caId });
  if ((await tenantState(view, row.tenantId)) === 'deleted') throw coreErrors.NOT_FOUND();
  return row;
}

/** Every certificate and authority below this one that is revoked or on hold. @param now the instant of the list */
async function revocationsOf(view: View, caId: string, now: EpochMilliseconds): Promise<RevokedCertificate[]> {
  const revoked: RevokedCertificate[] = [];
  const notAfter = MoreThan(Math.min(now, view.confirmed) - KEPT_AFTER_EXPIRY);
  const authorities = await view.find(CertificateAuthority, { parentId: caId, state: 'revoked', notAfter });
  revoked.push(
    ...authorities.flatMap(({ serialNumber, ...row }) =>
      serialNumber === null ? [] : entryOf({ ...row, serialNumber }, now),
    ),
  );
  for (let after = '', more = true; more;) {
    const batch = await view.find(
      Certificate,
      { caId, state: In(listedStates), notAfter, id: MoreThan(after) },
      { order: { id: 'ASC' }, limit: ENTRIES_READ_AT_ONCE },
    );
    for (const row of batch) revoked.push(entryOf(row, now));
    more = batch.length === ENTRIES_READ_AT_ONCE;
    after = batch.at(-1)?.id ?? after;
  }
  return revoked;
}

type Revocable = Pick<Certificate, 'serialNumber' | 'revokedAt' | 'updatedAt' | 'revocationReason'>;

const entryOf = (row: Revocable, now: EpochMilliseconds): RevokedCertificate => ({
  serialNumber: row.serialNumber,
  revokedAt: Math.min(row.revokedAt ?? row.updatedAt, now),
  reason: row.revocationReason ?? 'unspecified',
});

const inParts = (der: Buffer): Buffer[] =>
  Array.from({ length: Math.ceil(der.length / PART_BYTES) }, (_, part) =>
    der.subarray(part * PART_BYTES, (part + 1) * PART_BYTES),
  );
