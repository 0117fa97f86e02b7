import { type KeyObject, createHmac, createSecretKey } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  DAY,
  type EpochMilliseconds,
  type Page,
  type PageRequest,
  type TenantScope,
  coreErrors,
  platformScope,
  systemOrigin,
} from '#core';
import { randomSecret, uuidv7 } from '#crypto';
import { Database, In, LessThanOrEqual, type Tx, type View } from '#database';
import { DueKind, Expires, purge } from '#scheduler';
import { sourceOf } from '#service-keys';
import { tenantSettingsOf } from '#tenants';
import { type OnUnsealed, Vault, sealedColumn } from '#vault';

import { TokenTransaction } from './entities.js';
import { transactionErrors } from './errors.js';
import { tokenEvents } from './events.js';
import { type Grants, grantsOf, isGranted } from './grants.js';
import { PUBLIC_CALLER } from './public-profiles.service.js';
import { type RateLimit, RateWindows } from './rate-windows.js';
import type { IssuedToken, ProfileFacts, TransactionRequest } from './token-format.js';

/** A transaction as its service sees it; the token only until it expires, and where its row was not altered. */
export interface Transaction {
  readonly xid: string;
  /** `null` where the row was altered. */
  readonly phoneNumber: string | null;
  readonly profile: string;
  readonly kid: string;
  readonly issuedAt: EpochMilliseconds;
  readonly expiresAt: EpochMilliseconds;
  readonly status: 'live' | 'expired';
  readonly token: string | undefined;
}

const PURPOSE = 'token-transaction';
export const sealedPhoneNumbers = sealedColumn(TokenTransaction, { purpose: PURPOSE, column: 'sealedPhoneNumber' });
export const sealedTokens = sealedColumn(TokenTransaction, { purpose: PURPOSE, column: 'sealedToken' });

const LOOKUP_KEY = 'transaction-lookup';
const LOOKUP_KEY_BYTES = 32;
const RATE_DEFAULTS = { perPhonePerMinute: 5, perServicePerMinute: 60 } as const;
const PER_ADDRESS_DEFAULT = 10;
const SYSTEM = platformScope(systemOrigin('token-transactions'));

/**
 * Stores tokens that are read again. The database has the transaction id, times and the profile; number and
 * token are sealed, and the number is looked up by a keyed hash.
 */
@Expires({})
@Injectable()
export class TokenTransactions extends DueKind<TokenTransaction> implements OnUnsealed {
  #lookupKey: KeyObject | undefined;

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly rates: RateWindows,
  ) {
    super(
      purge(database, {
        kind: 'token transaction',
        scope: SYSTEM,
        entity: TokenTransaction,
        where: (now) => ({ keptUntil: LessThanOrEqual(now) }),
        dueColumn: 'keptUntil',
        reason: 'token transactions past their retention',
      }),
    );
  }

  /** Loads the key of the look-up hash. */
  async onUnsealed(): Promise<void> {
    const bytes = await this.vault.ensureInstallationSecret(LOOKUP_KEY, () => randomSecret(LOOKUP_KEY_BYTES).reveal());
    this.#lookupKey = createSecretKey(bytes);
  }

  /** A step: counts the call against the limits of the profile. @throws RATE_LIMITED */
  async admit(tx: Tx, { name, settings }: ProfileFacts, { phoneNumber }: TransactionRequest): Promise<void> {
    const limitOf = (rate: keyof typeof RATE_DEFAULTS): number => (settings[rate] as number) ?? RATE_DEFAULTS[rate];
    const limits: RateLimit[] = [
      {
        policy: 'per-phone',
        subject: `${name}:${this.phoneHash(tx, phoneNumber)}`,
        limit: limitOf('perPhonePerMinute'),
      },
      { policy: 'per-service', subject: `${name}:${tx.scope.actor.id}`, limit: limitOf('perServicePerMinute') },
      ...(tx.scope.actor.id === PUBLIC_CALLER ? [addressLimit(name, settings, tx.scope.sourceAddress)] : []),
    ];
    await this.rates.admit(tx, limits);
  }

  /**
   * A step: the token that the transaction has already; `undefined` where there is no such transaction.
   * @throws XID_IN_USE where the id belongs to another number or profile, or the token has expired
   */
  async stored(
    tx: Tx,
    profile: ProfileFacts,
    { xid, phoneNumber }: TransactionRequest,
  ): Promise<(IssuedToken & { readonly kid: string }) | undefined> {
    const row = xid === undefined ? null : await tx.findOne(TokenTransaction, { xid });
    if (!row) return undefined;
    const known = await this.show(tx, row);
    if (
      digitsOf(known.phoneNumber ?? '') !== digitsOf(phoneNumber) ||
      row.profile !== profile.name ||
      known.token === undefined
    ) {
      throw transactionErrors.XID_IN_USE();
    }
    this.recordRepeat(tx, row);
    const { token, issuedAt, expiresAt, kid } = known;
    return { token, tokenId: row.xid, issuedAt, expiresAt, kid };
  }

  /** A step: stores a new token. @returns `false` where a concurrent request used its id */
  async keep(
    tx: Tx,
    profile: ProfileFacts,
    { phoneNumber }: TransactionRequest,
    { token, tokenId, issuedAt, expiresAt, kid }: IssuedToken & { readonly kid: string },
  ): Promise<boolean> {
    const { tenantId } = tx.scope;
    const id = uuidv7(tx.now);
    const { transactionRetentionDays } = await tenantSettingsOf(tx);
    const [sealedPhoneNumber, sealedToken] = [
      await this.vault.seal(tx, sealedPhoneNumbers.place(tenantId, id), Buffer.from(phoneNumber)),
      await this.vault.seal(tx, sealedTokens.place(tenantId, id), Buffer.from(token)),
    ];
    return tx.insertIfAbsent(TokenTransaction, {
      id,
      tenantId,
      profile: profile.name,
      xid: tokenId,
      phoneHash: this.phoneHash(tx, phoneNumber),
      sealedPhoneNumber,
      sealedToken,
      kid,
      createdAt: tx.now,
      issuedAt,
      expiresAt,
      keptUntil: tx.now + transactionRetentionDays * DAY,
    });
  }

  /** One transaction of a granted profile. @throws NOT_FOUND */
  async get(scope: TenantScope, grants: Grants, xid: string): Promise<Transaction> {
    return this.database.transaction(scope, async (tx) => {
      const row = await tx.findOne(TokenTransaction, { xid });
      if (!row || !isGranted(grantsOf(tx.scope, grants), row.profile)) throw coreErrors.NOT_FOUND();
      return this.give(tx, row);
    });
  }

  /** For people who look a transaction up, oldest first: by its id, its number, both or neither; never with a token. */
  async search(
    scope: TenantScope,
    { xid, phoneNumber }: { readonly xid?: string | undefined; readonly phoneNumber?: string | undefined },
    page: PageRequest,
  ): Promise<Page<Omit<Transaction, 'token'>>> {
    return this.database.read(scope, async (view) => {
      const where = {
        ...(xid === undefined ? {} : { xid }),
        ...(phoneNumber === undefined ? {} : { phoneHash: this.phoneHash(view, phoneNumber) }),
      };
      const { items, nextCursor } = await view.page(TokenTransaction, where, [['id', 'ASC']], page);
      return { items: await Promise.all(items.map((row) => this.describe(view, row))), nextCursor };
    });
  }

  /** The transactions of a phone number, oldest first; only those of granted profiles. */
  async ofPhone(
    scope: TenantScope,
    grants: Grants,
    phoneNumber: string,
    page: PageRequest,
  ): Promise<Page<Transaction>> {
    return this.database.transaction(scope, async (tx) => {
      const present = grantsOf(tx.scope, grants);
      const granted = present.includes('*') ? {} : { profile: In([...present]) };
      const where = { phoneHash: this.phoneHash(tx, phoneNumber), ...granted };
      const { items, nextCursor } = await tx.page(TokenTransaction, where, [['id', 'ASC']], page);
      return { items: await Promise.all(items.map((row) => this.give(tx, row))), nextCursor };
    });
  }

  /** What leaves with a live token is in the history first. */
  private async give(tx: Tx, row: TokenTransaction): Promise<Transaction> {
    const transaction = await this.show(tx, row);
    if (transaction.token !== undefined) this.recordRepeat(tx, row);
    return transaction;
  }

  private async show(view: View, row: TokenTransaction): Promise<Transaction> {
    const described = await this.describe(view, row);
    if (described.status === 'expired') return { ...described, token: undefined };
    const token = await this.vault.openUnlessAltered(view, sealedTokens.place(row.tenantId, row.id), row.sealedToken);
    return { ...described, token: token?.toString() };
  }

  private async describe(view: View, row: TokenTransaction): Promise<Omit<Transaction, 'token'>> {
    const { id, tenantId, xid, profile, kid, issuedAt, expiresAt } = row;
    const place = sealedPhoneNumbers.place(tenantId, id);
    const number = await this.vault.openUnlessAltered(view, place, row.sealedPhoneNumber);
    const status = view.now < expiresAt ? 'live' : 'expired';
    return { xid, phoneNumber: number?.toString() ?? null, profile, kid, issuedAt, expiresAt, status };
  }

  private recordRepeat(tx: Tx, { xid, kid, profile }: TokenTransaction): void {
    tx.record(tokenEvents.repeated(xid, { kid, tokenId: xid, details: { profile } }));
  }

  private phoneHash(view: View, phoneNumber: string): string {
    if (!this.#lookupKey) throw new Error('The key of the look-up hash was not loaded at start');
    const text = `${view.scope.tenantId}:${digitsOf(phoneNumber)}`;
    return createHmac('sha256', this.#lookupKey).update(text).digest('hex');
  }
}

/** `+` says nothing about whose number it is. */
const digitsOf = (phoneNumber: string): string => phoneNumber.replace('+', '');

function addressLimit(profile: string, settings: ProfileFacts['settings'], address: string | null): RateLimit {
  const { perAddressPerMinute = PER_ADDRESS_DEFAULT } = settings['publicAccess'] as { perAddressPerMinute?: number };
  return { policy: 'per-address', subject: `${profile}:${sourceOf(address)}`, limit: perAddressPerMinute };
}
