import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  type Actor,
  BatchedLookup,
  DomainError,
  type EpochMilliseconds,
  type ErrorFactory,
  type EventDraft,
  type Json,
  type Page,
  type PageRequest,
  SECOND,
  type TenantScope,
  coreErrors,
  platformScope,
  selfDeciding,
  systemOrigin,
} from '#core';
import { KID_PATTERN, parseCompactJws, parseStrictJson, uuidv7 } from '#crypto';
import { Database, In, type PreparedWork, type SharedStep, type StepTx } from '#database';
import { CallerDirectory, FailedAuthentications, sourceOf } from '#service-keys';
import {
  type HolderKey,
  HolderKeys,
  type RefusalCode,
  type ReplayId,
  ReplayStore,
  type Verdict,
  formats,
  keysOfHolder,
} from '#signing';

import { License, LicenseRevision } from './entities.js';
import { type Customer, customerHash, readEntitlement } from './entitlement.js';
import { licensingErrors } from './errors.js';
import { licenseEvents } from './events.js';

/** A request as it came. */
interface LicenseUpdate {
  readonly token: string;
  /** The very bytes: the hash in the token is over them. */
  readonly body: Buffer;
  readonly requestId: string;
  readonly sourceAddress: string | null;
}

export interface AcceptedUpdate {
  readonly licenseId: string;
  readonly revision: number;
}

type Accepted = AcceptedUpdate | { readonly refused: DomainError };

/** A request, and what became of it once the step has run. */
interface UpdateToAccept {
  readonly update: LicenseUpdate;
  readonly kid: string;
  accepted: Accepted | undefined;
  events: readonly EventDraft[];
}

/** A request that may write, once its jti cannot be used again. */
interface AdmittedUpdate {
  readonly item: UpdateToAccept;
  readonly customer: Customer;
  readonly entitlement: { readonly [member: string]: Json };
  readonly holder: HolderKey;
  readonly replay: ReplayId;
  readonly expiresAt: EpochMilliseconds;
}

const VERIFIER = 'licensing';
const SKEW_SECONDS = 60;
const LIFETIME_SECONDS = 1_800;

/** What the format's verdicts are called at this endpoint. */
const REFUSALS: Readonly<Record<RefusalCode, ErrorFactory>> = {
  MALFORMED_TOKEN: licensingErrors.INVALID_TOKEN,
  ALGORITHM_NOT_ALLOWED: licensingErrors.INVALID_TOKEN,
  UNKNOWN_KID: licensingErrors.UNKNOWN_KID,
  KEY_NOT_USABLE: licensingErrors.INVALID_CERTIFICATE,
  CERTIFICATE_REVOKED: licensingErrors.INVALID_CERTIFICATE,
  CERTIFICATE_EXPIRED: licensingErrors.INVALID_CERTIFICATE,
  INVALID_SIGNATURE: licensingErrors.INVALID_SIGNATURE,
  EXPIRED_TOKEN: licensingErrors.EXPIRED_TOKEN,
  TOKEN_NOT_YET_VALID: licensingErrors.INVALID_TOKEN,
  INVALID_CLAIMS: licensingErrors.INVALID_TOKEN,
  INVALID_TIMESTAMP: licensingErrors.INVALID_TOKEN,
  INVALID_JTI: licensingErrors.INVALID_JTI,
  INVALID_PAYLOAD_HASH: licensingErrors.INVALID_PAYLOAD_HASH,
  DUPLICATE_JTI: licensingErrors.DUPLICATE_JTI,
};

/** A `kid` is not secret: requests that any party can send for a holder must not fill that tenant's history. */
const UNPROVEN: ReadonlySet<string> = new Set(
  [
    licensingErrors.UNKNOWN_KID,
    licensingErrors.INVALID_CERTIFICATE,
    licensingErrors.INVALID_TOKEN,
    licensingErrors.INVALID_SIGNATURE,
    // A captured token keeps a valid signature; after its expiry it says nothing about its holder.
    licensingErrors.EXPIRED_TOKEN,
  ].map(({ code }) => code),
);

function refuse(item: UpdateToAccept, refused: DomainError): void {
  item.accepted = { refused };
  const { kid } = item;
  const details = { code: refused.code };
  item.events = UNPROVEN.has(refused.code)
    ? []
    : [licenseEvents.refused(kid.slice(0, 64), { outcome: 'denied', kid, details })];
}

/** The receiving side of the licensing requests of Xima CCaaS, and the entitlements that follow from them. */
@Injectable()
export class Licensing {
  readonly #accepting: SharedStep<UpdateToAccept> = {
    name: 'license-updates',
    // What ends a certificate before its time raises the number of its tenant; a key that another tenant reports is looked for again.
    plans: () => true,
    run: (tx, items) => this.acceptAll(tx, items),
  };
  /** One query for each: few at a time. */
  private readonly recentHolders = new BatchedLookup((kids) => this.holdersOf(kids), { batchMax: 10 });

  constructor(
    private readonly database: Database,
    private readonly holders: HolderKeys,
    private readonly replays: ReplayStore,
    private readonly failures: FailedAuthentications,
    private readonly callers: CallerDirectory,
  ) {}

  /**
   * Accepts a signed update, once. The order is fixed: token, certificate, signature, time, claims, body hash, content,
   * and only then the `jti`, so that a request that is refused uses nothing up.
   * @throws the errors of this feature, VALIDATION_ERROR, RATE_LIMITED, AUDIT_UNAVAILABLE
   */
  async accept(update: LicenseUpdate): Promise<AcceptedUpdate> {
    const { requestId, sourceAddress } = update;
    const holder = await this.throttled(update);
    const origin = selfDeciding({ actor: actorOf(holder), requestId, sourceAddress });
    const scope: TenantScope = { ...origin, tenantId: holder.tenantId };
    const outcome = await this.database.commit(scope, async (): Promise<PreparedWork<Accepted>> => {
      const { basis } = await this.callers.present(scope);
      const item: UpdateToAccept = { update, kid: holder.kid, accepted: undefined, events: [] };
      const shared = { step: this.#accepting, item };
      return { basis, shared, rows: 1, finish: () => ({ result: item.accepted!, events: item.events }) };
    });
    if ('refused' in outcome) throw outcome.refused;
    return outcome;
  }

  async list(scope: TenantScope, page: PageRequest): Promise<Page<License>> {
    return this.database.read(scope, (view) => view.page(License, {}, [['id', 'ASC']], page));
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, licenseId: string): Promise<License> {
    return this.database.read(scope, (view) => view.get(License, { id: licenseId }));
  }

  /** Every revision, newest first. @throws NOT_FOUND */
  async revisions(scope: TenantScope, licenseId: string, page: PageRequest): Promise<Page<LicenseRevision>> {
    return this.database.read(scope, async (view) => {
      await view.get(License, { id: licenseId });
      return view.page(LicenseRevision, { licenseId }, [['revision', 'DESC']], page);
    });
  }

  /**
   * The holder of an update that is worth a transaction. What does not hold is counted by its source; beyond the quota it
   * is rejected before the database is asked for it, unless it may be genuine.
   */
  private async throttled(update: LicenseUpdate): Promise<HolderKey> {
    const source = sourceOf(update.sourceAddress);
    if (this.failures.isExhausted(source) && !(await this.mayBeGenuine(update))) throw this.failures.rejection(source);
    try {
      return await this.holderOf(update);
    } catch (error) {
      if (!(error instanceof DomainError) || !UNPROVEN.has(error.code)) throw error;
      throw await this.failures.count(source, error);
    }
  }

  /** @returns `false` for a guess; `true` is no proof */
  private async mayBeGenuine({ token, body }: LicenseUpdate): Promise<boolean> {
    const parsed = parseCompactJws(token);
    const kid = parsed.ok ? parsed.value.header.kid : undefined;
    if (kid === undefined || !KID_PATTERN.test(kid)) return false;
    const found = await this.recentHolders.find(kid);
    if (!found) return false;
    const refusal = await verify(token, found.holder, body, found.now).catch(refusalOrFault);
    return !(refusal instanceof DomainError && UNPROVEN.has(refusal.code));
  }

  private async holdersOf(kids: readonly string[]) {
    return this.database.readPlatform(platformScope(systemOrigin('licensing')), async (view) => {
      const found = new Map<string, { readonly holder: HolderKey; readonly now: number }>();
      for (const kid of kids) {
        const holder = await this.holders.find(view, kid);
        if (holder) found.set(kid, { holder, now: view.now });
      }
      return found;
    });
  }

  /** The certificate that the token names. The token is not verified yet. */
  private async holderOf({ token, body, requestId, sourceAddress }: LicenseUpdate): Promise<HolderKey> {
    const parsed = parseCompactJws(token);
    if (!parsed.ok) throw licensingErrors.INVALID_TOKEN(parsed.detail);
    const { kid } = parsed.value.header;
    if (kid === undefined || !KID_PATTERN.test(kid))
      throw licensingErrors.UNKNOWN_KID('The token names no certificate');
    const origin = { ...systemOrigin('licensing'), requestId, sourceAddress };
    const { holder, refusal } = await this.database.readPlatform(platformScope(origin), async (view) => {
      const found = await this.holders.find(view, kid);
      const rejection = found && (await verify(token, found, body, view.now).catch(refusalOrFault));
      return { holder: found, refusal: rejection instanceof DomainError ? rejection : undefined };
    });
    if (!holder) throw licensingErrors.UNKNOWN_KID();
    // Requests that can be repeated without a valid signature cost no transaction.
    if (refusal && UNPROVEN.has(refusal.code)) throw refusal;
    return holder;
  }

  /**
   * A step: every check of each update, in order, and then what follows from those that hold. A refusal of the holder is an event
   * of the tenant, too: it commits, and is thrown afterwards.
   */
  private async acceptAll(tx: StepTx, items: readonly UpdateToAccept[]): Promise<readonly undefined[]> {
    const holders = new Map<string, HolderKey | undefined>();
    const admitted: AdmittedUpdate[] = [];
    for (const item of items) {
      const { kid } = item;
      // Read again inside: what was revoked or suspended meanwhile is refused.
      if (!holders.has(kid)) holders.set(kid, await this.holders.find(tx, kid));
      const outcome = await this.admit(tx, item, holders.get(kid)).catch(refusalOrFault);
      if (outcome instanceof DomainError) refuse(item, outcome);
      else admitted.push(outcome);
    }
    // The jti is the last check: what is refused uses nothing up.
    const free = await this.replays.consumeAll(tx, admitted);
    admitted.forEach(({ item }, index) => free[index] || refuse(item, licensingErrors.DUPLICATE_JTI()));
    await this.write(
      tx,
      admitted.filter((_, index) => free[index]),
    );
    return items.map(() => undefined);
  }

  /** Every check but whether the jti was used: after that one the request is accepted. */
  private async admit(tx: StepTx, item: UpdateToAccept, holder: HolderKey | undefined): Promise<AdmittedUpdate> {
    const { token, body } = item.update;
    if (!holder) throw licensingErrors.UNKNOWN_KID();
    const verdict = await verify(token, holder, body, tx.now);
    const { replayId, expiresAt } = verdict;
    const { customer, entitlement } = readEntitlement(jsonOf(body));
    if (this.replays.mayHaveBeenUsed(verdict, PROFILE)) throw licensingErrors.DUPLICATE_JTI();
    const replay = { verifier: VERIFIER, id: replayId };
    return { item, customer, entitlement, holder, replay, expiresAt: expiresAt + SKEW_SECONDS * SECOND };
  }

  /** Each update is the next revision of its customer's license, in the order in which they came. */
  private async write(tx: StepTx, admitted: readonly AdmittedUpdate[]): Promise<void> {
    if (admitted.length === 0) return;
    const licenses = await this.lockLicenses(tx, admitted);
    const revisions: LicenseRevision[] = [];
    for (const { item, customer, entitlement, holder, replay } of admitted) {
      const { kid, subject, serviceId } = holder;
      const { body } = item.update;
      const hash = customerHash(customer);
      const before = licenses.get(hash)!;
      const { tenantId, id: licenseId } = before;
      const revision = before.revision + 1;
      licenses.set(hash, { ...before, entitlement, revision, kid, version: before.version + 1, updatedAt: tx.now });
      const bodyHash = createHash('sha256').update(body).digest('hex');
      revisions.push({
        id: uuidv7(tx.now),
        tenantId,
        licenseId,
        revision,
        body: body.toString('utf8'),
        bodyHash,
        kid,
        subject: subject.slice(0, SUBJECT_MAX),
        serviceId,
        tokenId: replay.id,
        receivedAt: tx.now,
      });
      item.accepted = { licenseId, revision };
      item.events = [
        licenseEvents.updated(licenseId, { kid, tokenId: replay.id, after: { ...customer, revision, bodyHash } }),
      ];
    }
    await tx.rewrite(License, [...licenses.values()].toSorted(byId));
    await tx.append(LicenseRevision, revisions);
  }

  /** The customers' licenses by their hashes, each made at revision 0 if this is its first update. */
  private async lockLicenses(tx: StepTx, admitted: readonly AdmittedUpdate[]): Promise<Map<string, License>> {
    const { tenantId } = tx.scope;
    const wanted = new Map(admitted.map((update) => [customerHash(update.customer), update]));
    const hashes = [...wanted.keys()].sort();
    const isOf = { customerHash: In(hashes) };
    const present = new Map((await tx.find(License, isOf)).map((license) => [license.customerHash, license.id]));
    const rows = new Map<string, License>();
    for (const hash of hashes.filter((one) => !present.has(one))) {
      const { customer, holder } = wanted.get(hash)!;
      const first = { entitlement: {}, revision: 0, kid: holder.kid };
      const instants = { createdAt: tx.now, updatedAt: tx.now };
      rows.set(hash, { id: uuidv7(tx.now), tenantId, customerHash: hash, customer, ...first, version: 1, ...instants });
    }
    const made = await tx.insertAbsent(License, rows, 'customerHash');
    // Another transaction has made the rest meanwhile.
    const late = [...rows.keys()].filter((hash) => !made.has(hash));
    if (late.length > 0) {
      for (const license of await tx.find(License, { customerHash: In(late) }))
        present.set(license.customerHash, license.id);
    }
    const held = await tx.lockAll(License, [...present.values()].sort());
    const ofMade = [...made].map((hash) => rows.get(hash)!);
    return new Map([...held.values(), ...ofMade].map((license) => [license.customerHash, license]));
  }
}

const byId = (one: License, other: License): number => (one.id < other.id ? -1 : 1);

const SUBJECT_MAX = 500;

function refusalOrFault(error: unknown): DomainError {
  if (error instanceof DomainError && error.kind !== 'unavailable' && error.kind !== 'internal') return error;
  throw error;
}

/** The format's own verdict on the token, in the terms of this endpoint. */
async function verify(
  token: string,
  holder: HolderKey,
  body: Buffer,
  now: number,
): Promise<Verdict & { readonly replayId: string; readonly expiresAt: number }> {
  const verdict: Verdict = await formats.get('xima-licensing')!.verify(token, {
    ...keysOfHolder(holder),
    profile: PROFILE,
    caller: { serviceId: holder.serviceId ?? holder.kid },
    body,
    now,
  });
  if (verdict.code !== 'OK') throw REFUSALS[verdict.code]();
  return { ...verdict, replayId: verdict.replayId!, expiresAt: verdict.expiresAt! };
}

/** What this endpoint expects of a token; no tenant can change it. */
const PROFILE = {
  name: VERIFIER,
  issuer: '',
  statedIssuer: null,
  audience: [],
  ttlSeconds: LIFETIME_SECONDS,
  maxTtlSeconds: LIFETIME_SECONDS,
  skewSeconds: SKEW_SECONDS,
  fixedClaims: {},
  allowedClaims: [],
  requiredClaims: [],
  formatVersion: null,
  settings: {},
} as const;

function jsonOf(body: Buffer): Json {
  const parsed = parseStrictJson(body);
  if (parsed.ok) return parsed.value;
  throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '', code: parsed.reason, detail: parsed.detail }] });
}

/** Who acts: the service that the certificate was issued to, or its holder by the name in it. */
const actorOf = ({ kid, serviceId, subject }: HolderKey): Actor => ({
  type: 'service',
  id: serviceId ?? kid.slice(0, 64),
  name: subject,
});
