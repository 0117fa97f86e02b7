import { Injectable } from '@nestjs/common';

import { type Certificate, Certificates, Issuance, type IssuedCertificate } from '#certificates';
import {
  Counters,
  DAY,
  DomainError,
  HOUR,
  MINUTE,
  SECOND,
  type Page,
  type PageRequest,
  type TenantScope,
  coreErrors,
} from '#core';
import { base64UrlBytes, publicKeyFingerprint, randomSecret, uuidv7 } from '#crypto';
import { type Completion, Database, In, MoreThan, Not, type Tx, completing } from '#database';
import { type CertificateRequest, parseCertificateRequest } from '#pki';

import { isAccountKey } from './accounts.service.js';
import { AcmeAuthorization, AcmeOrder } from './entities.js';
import { acmeErrors } from './errors.js';
import { acmeOrderEvents } from './events.js';
import { namesIn, requireNamesOf, requireNoObjection, wantedName } from './identifiers.js';
import { textIn } from './jws.js';
import { acmeOrderLifecycle } from './lifecycle.js';
import { type OrderProblem, problemOfOrder } from './order-problem.js';
import { Replacements } from './replacements.service.js';
import type { AccountRequest } from './requests.service.js';

/** How long an order and its authorizations hold. */
const ORDER_TTL = 7 * DAY;
/** Orders of one account that wait for something. */
const OPEN_ORDERS_MAX = 200;
/** Names that are stored of the orders of one account, and of all of a tenant: those of a certificate go a day after it was issued. */
const NAMES_OF_ACCOUNT_MAX = 5_000;
const NAMES_OF_TENANT_MAX = 50_000;
/** What is stored becomes less by age alone. */
const FULL_RETRY_SECONDS = HOUR / SECOND;
/** How long a client can look at what proved the names of a certificate. */
const PROVEN_TTL = DAY;
/** New orders of one tenant within a minute. */
const ORDERS_PER_MINUTE = 300;
const TOKEN_BYTES = 32;

/** An order as its account sees it. */
export interface ShownAcmeOrder extends AcmeOrder {
  /** Why it is invalid. */
  readonly problem?: OrderProblem;
}

/** Orders of certificates (RFC 8555 §7.4), within what one account has ordered. */
@Injectable()
export class AcmeOrders {
  constructor(
    private readonly database: Database,
    private readonly issuance: Issuance,
    private readonly certificates: Certificates,
    private readonly replacements: Replacements,
    private readonly counters: Counters,
  ) {}

  /**
   * @throws ACME_MALFORMED, ACME_UNSUPPORTED_IDENTIFIER, ACME_REJECTED_IDENTIFIER with a subproblem for each name,
   *   ACME_ALREADY_REPLACED, ACME_RATE_LIMITED, CA_NOT_USABLE, and as the authority of the account
   */
  async create({ account, scope, payload, caId }: AccountRequest): Promise<AcmeOrder> {
    if (payload === undefined) throw acmeErrors.ACME_MALFORMED('A new order has a payload');
    const names = namesIn(payload['identifiers']);
    if (payload['notBefore'] !== undefined || payload['notAfter'] !== undefined) {
      throw acmeErrors.ACME_MALFORMED(
        'The validity is that of the profile of the authority: omit notBefore and notAfter',
      );
    }
    await this.admit(scope);
    requireNoObjection(await this.issuance.objectionsTo(scope, { caId, serviceId: account.serviceId }, names));
    const replaces = payload['replaces'] === undefined ? null : textIn(payload, 'replaces');
    const replacesKid = replaces === null ? null : await this.replacements.kidOf(scope, account, replaces);
    return this.database.transaction(scope, async (tx) => {
      const { now } = tx;
      await requireRoom(tx, account.id, names.length);
      if (replacesKid !== null) await this.replacements.requireUnreplaced(tx, replacesKid);
      const { tenantId } = tx.scope;
      const id = uuidv7(now);
      const expiresAt = now + ORDER_TTL;
      const authorizations = names.map(wantedName).map((wanted): AcmeAuthorization => ({
        ...wanted,
        id: uuidv7(now),
        tenantId,
        orderId: id,
        accountId: account.id,
        caId,
        state: 'pending',
        token: randomSecret(TOKEN_BYTES).reveal().toString('base64url'),
        challenge: null,
        attempts: 0,
        dueAt: null,
        leasedUntil: 0,
        validatedAt: null,
        problem: null,
        problemDetail: null,
        createdAt: now,
        expiresAt,
      }));
      const order: AcmeOrder = {
        id,
        tenantId,
        accountId: account.id,
        caId,
        state: 'pending',
        names,
        authorizationIds: authorizations.map((row) => row.id),
        replacesKid,
        certificateKid: null,
        certificateEndsAt: null,
        processingSince: null,
        expiresAt,
        version: 1,
        createdAt: now,
        updatedAt: now,
      };
      await tx.insert(AcmeOrder, order);
      await tx.insert(AcmeAuthorization, authorizations);
      tx.record(acmeOrderEvents.created(id, { after: { accountId: account.id, caId, names, replacesKid } }));
      return order;
    });
  }

  /** @throws NOT_FOUND, also for an order of another account */
  async get({ account, scope }: Pick<AccountRequest, 'account' | 'scope'>, id: string): Promise<ShownAcmeOrder> {
    return this.database.read(scope, async (view) => {
      const order = await view.get(AcmeOrder, { id, accountId: account.id });
      const state = acmeOrderLifecycle.stateAt(order, view.now);
      if (state !== 'invalid') return { ...order, state };
      return { ...order, state, problem: problemOfOrder(await view.find(AcmeAuthorization, { orderId: id })) };
    });
  }

  /** The recent orders of an account that are not invalid, one page, oldest first (§7.1.2.1). */
  async list(
    { account, scope }: Pick<AccountRequest, 'account' | 'scope'>,
    page: PageRequest,
  ): Promise<Page<AcmeOrder>> {
    return this.database.read(scope, async (view) => {
      const where = { accountId: account.id, expiresAt: MoreThan(view.now), state: Not('invalid' as const) };
      return view.page(AcmeOrder, where, [['id', 'ASC']], page);
    });
  }

  /**
   * Issues the certificate of an order by the same way as for every other request. Nothing but the request decides: while it
   * is worked on, the order is `processing`, and of racing requests one is accepted. Where it fails, the order is `ready`
   * for another one: immediately or, where the database cannot be asked, after a while.
   * @throws NOT_FOUND, ACME_ORDER_NOT_READY, ACME_BAD_CSR, INVALID_CSR, WEAK_KEY, POLICY_VIOLATION, CA_NOT_USABLE, BUSY,
   *   ACME_ALREADY_REPLACED, CERTIFICATE_REPLACED, and as the authority of the account
   */
  async finalize(request: AccountRequest, id: string): Promise<ShownAcmeOrder> {
    const { account, scope, payload, caId } = request;
    const order = await this.get(request, id);
    if (order.state !== 'ready') throw notReady(order);
    const bytes = base64UrlBytes(textIn(payload ?? {}, 'csr'));
    const csr = readRequest(bytes);
    requireNamesOf(csr, order.names);
    await this.requireForeignKey(scope, csr);
    const begun = await this.begin(scope, id);
    const completion: Completion = {
      complete: (tx, result) => this.complete(tx, begun, (result as IssuedCertificate).certificate),
    };
    try {
      await this.issuance.issue(completing(scope, completion), {
        csr: bytes!.toString('base64'),
        caId,
        serviceId: account.serviceId,
        replaces: order.replacesKid ?? undefined,
      });
    } catch (error) {
      await this.reject(scope, begun).catch((failed: unknown) => {
        // Where the database does not answer to this either, the clock does it.
        if (!(failed instanceof DomainError && failed.kind === 'unavailable')) throw failed;
      });
      throw error;
    }
    return this.get(request, id);
  }

  /** The certificate of an order of the account with its issuers, in PEM (§7.4.2). @throws NOT_FOUND */
  async certificate({ account, scope }: AccountRequest, kid: string): Promise<string> {
    const isOwn = await this.database.read(scope, (view) =>
      view.exists(AcmeOrder, { certificateKid: kid, accountId: account.id }),
    );
    if (!isOwn) throw coreErrors.NOT_FOUND();
    const { certificate, chain } = await this.certificates.get(scope, kid);
    return `${certificate.certificatePem}${chain}`;
  }

  /** @returns the order as this attempt left it: its version is that of no other attempt */
  private async begin(scope: TenantScope, id: string): Promise<AcmeOrder> {
    return this.database.transaction(scope, async (tx) => {
      tx.housekeeping('the issuance has events of its own');
      const row = await tx.applyDue(AcmeOrder, await tx.lock(AcmeOrder, { id }));
      if (row.state !== 'ready') throw notReady(row);
      return tx.transition(AcmeOrder, row, acmeOrderLifecycle.event.finalize);
    });
  }

  /**
   * Written in the transaction that finishes the certificate: there is none whose order does not know it. An attempt that
   * was given up meanwhile is refused here, whatever became of the order: it has one certificate at most.
   * @throws ACME_ORDER_NOT_READY
   */
  private async complete(tx: Tx, { id, version }: AcmeOrder, { kid, notAfter }: Certificate): Promise<void> {
    const row = await tx.lock(AcmeOrder, { id });
    if (row.version !== version) throw acmeErrors.ACME_ORDER_NOT_READY('The order was finalized by another request');
    if (row.replacesKid !== null) await this.replacements.requireUnreplaced(tx, row.replacesKid, id);
    await tx.transition(AcmeOrder, row, acmeOrderLifecycle.event.issue, {
      set: { certificateKid: kid, certificateEndsAt: notAfter },
    });
    const until = tx.now + PROVEN_TTL;
    await tx.note(AcmeAuthorization, { orderId: id, expiresAt: MoreThan(until) }, { expiresAt: until });
  }

  /** The order is ready again, unless this attempt was finished although its answer was lost. */
  private async reject(scope: TenantScope, { id, version }: AcmeOrder): Promise<void> {
    await this.database.transaction({ ...scope, evidence: { kind: 'work' } }, async (tx) => {
      tx.housekeeping('the request of an order was not acceptable');
      const row = await tx.lockIfPresent(AcmeOrder, { id, version });
      const isOpen = row && acmeOrderLifecycle.stateAt(row, tx.now) === 'processing';
      if (isOpen) await tx.transition(AcmeOrder, row, acmeOrderLifecycle.event.reject);
    });
  }

  /** RFC 8555 §11.1: a key that signs requests is in no certificate. @throws ACME_BAD_CSR */
  private async requireForeignKey(scope: TenantScope, { publicKeyInfo }: CertificateRequest): Promise<void> {
    const publicKeyHash = publicKeyFingerprint(publicKeyInfo);
    if (await this.database.read(scope, (view) => isAccountKey(view, publicKeyHash))) {
      throw acmeErrors.ACME_BAD_CSR('The key of the request is the key of an ACME account');
    }
  }

  /** @throws ACME_RATE_LIMITED */
  private async admit({ tenantId }: TenantScope): Promise<void> {
    const window = await this.counters.increment(`acme-orders:${tenantId}`, MINUTE, ORDERS_PER_MINUTE);
    if (window.isBlocked) throw acmeErrors.ACME_RATE_LIMITED({ retryAfterSeconds: window.timeToExpire });
  }
}

/** A step: whether there is room for an order of so many names. @throws ACME_RATE_LIMITED */
async function requireRoom(tx: Tx, accountId: string, names: number): Promise<void> {
  const open = { accountId, state: In([...acmeOrderLifecycle.live]), expiresAt: MoreThan(tx.now) };
  if ((await tx.count(AcmeOrder, open)) >= OPEN_ORDERS_MAX) {
    throw full(`An account has at most ${OPEN_ORDERS_MAX} orders that are not finished`);
  }
  if ((await tx.count(AcmeAuthorization, { accountId })) + names > NAMES_OF_ACCOUNT_MAX) {
    throw full(`An account has at most ${NAMES_OF_ACCOUNT_MAX} names in its recent orders`);
  }
  if ((await tx.count(AcmeAuthorization, { expiresAt: MoreThan(0) })) + names > NAMES_OF_TENANT_MAX) {
    throw full(`A tenant has at most ${NAMES_OF_TENANT_MAX} names in its recent orders`);
  }
}

const full = (detail: string): Error => acmeErrors.ACME_RATE_LIMITED({ detail, retryAfterSeconds: FULL_RETRY_SECONDS });

const notReady = ({ state }: AcmeOrder): Error => acmeErrors.ACME_ORDER_NOT_READY(`The order is ${state}`);

/** @throws ACME_BAD_CSR */
function readRequest(der: Buffer | undefined): CertificateRequest {
  if (der === undefined) throw acmeErrors.ACME_BAD_CSR('csr is not base64url');
  const parsed = parseCertificateRequest(der);
  if (!parsed.ok) throw acmeErrors.ACME_BAD_CSR(parsed.detail);
  return parsed.value;
}
