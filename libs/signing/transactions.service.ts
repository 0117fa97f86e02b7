import { type KeyObject, createHmac, createSecretKey } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  DAY,
  type DomainError,
  type EpochMilliseconds,
  type Page,
  type PageRequest,
  type TenantScope,
  coreErrors,
  platformScope,
  systemOrigin,
} from '#core';
import { randomSecret, sealingErrors, uuidv7 } from '#crypto';
import { Database, In, LessThanOrEqual, type StepTx, type Tx, type View } from '#database';
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

/** A token that was made and is to be kept, unless its transaction has one already. */
interface TokenToKeep {
  /** Of who asked. */
  readonly scope: TenantScope;
  readonly profile: ProfileFacts;
  readonly request: TransactionRequest;
  readonly token: KidToken;
}

type KidToken = IssuedToken & { readonly kid: string };

/** What the caller is given: its token, or the one that was made before. */
export interface KeptToken {
  readonly token: KidToken;
  readonly isRepeated: boolean;
}

/** What is known of a transaction id already. */
type Known = Pick<TokenTransaction, 'profile'> & { readonly phoneNumber: string | null } & {
  /** `undefined` where it has expired, or its row was altered. */
  readonly token: KidToken | undefined;
};

const PURPOSE = 'token-transaction';
const sealedPhoneNumbers = sealedColumn(TokenTransaction, { purpose: PURPOSE, column: 'sealedPhoneNumber' });
const sealedTokens = sealedColumn(TokenTransaction, { purpose: PURPOSE, column: 'sealedToken' });

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

  /**
   * A step: keeps tokens of one tenant, in order and by few statements. Each call counts against the limits of its profile.
   * @returns for each of them what is returned; RATE_LIMITED, or XID_IN_USE where the id belongs to another number or profile, or
   *   its token has expired
   */
  async keepAll(tx: StepTx, tokens: readonly TokenToKeep[]): Promise<(KeptToken | DomainError)[]> {
    const rejections = await this.rates.admitAll(
      tx,
      tokens.map((token) => this.limitsOf(tx, token)),
    );
    const admitted = tokens.filter((_, index) => rejections[index] === undefined);
    const asked = new Set(admitted.flatMap(({ request }) => request.xid ?? []));
    const known = await this.known(tx, asked);
    const first = new Map<string, TokenToKeep>();
    for (const token of admitted) {
      const { tokenId } = token.token;
      if (!known.has(tokenId) && !first.has(tokenId)) first.set(tokenId, token);
    }
    const kept = await this.insert(tx, first);
    // Another instance took the rest between the look-up and here: its token is the token.
    const late = await this.known(tx, new Set([...first.keys()].filter((xid) => !kept.has(xid))));
    return tokens.map((token, index) => {
      const { profile, request } = token;
      const { tokenId } = token.token;
      const rejection = rejections[index];
      if (rejection) return rejection;
      if (kept.has(tokenId) && first.get(tokenId) === token) return { token: token.token, isRepeated: false };
      const found = kept.has(tokenId) ? knownOf(first.get(tokenId)!) : (known.get(tokenId) ?? late.get(tokenId));
      if (!found) throw new Error('A transaction is there and cannot be found');
      return repeated(found, profile, request);
    });
  }

  /** What is kept under these ids. */
  private async known(tx: StepTx, xids: ReadonlySet<string>): Promise<Map<string, Known>> {
    const known = new Map<string, Known>();
    if (xids.size === 0) return known;
    for (const row of await tx.find(TokenTransaction, { xid: In([...xids].sort()) })) {
      const { phoneNumber, token } = await this.show(tx, row);
      const { xid: tokenId, issuedAt, expiresAt, kid, profile } = row;
      const live = token === undefined ? undefined : { token, tokenId, issuedAt, expiresAt, kid };
      known.set(tokenId, { profile, phoneNumber, token: live });
    }
    return known;
  }

  /** @param tokens by their ids. @returns the ids that were free */
  private async insert(tx: StepTx, tokens: ReadonlyMap<string, TokenToKeep>): Promise<ReadonlySet<string>> {
    if (tokens.size === 0) return new Set();
    const { tenantId } = tx.scope;
    const { transactionRetentionDays } = await tenantSettingsOf(tx);
    const rows = new Map<string, TokenTransaction>();
    for (const [xid, { profile, request, token }] of [...tokens].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
      const id = uuidv7(tx.now);
      const { phoneNumber } = request;
      const { kid, issuedAt, expiresAt } = token;
      const [sealedPhoneNumber, sealedToken] = [
        await this.vault.seal(tx, sealedPhoneNumbers.place(tenantId, id), Buffer.from(phoneNumber)),
        await this.vault.seal(tx, sealedTokens.place(tenantId, id), Buffer.from(token.token)),
      ];
      rows.set(xid, {
        id,
        tenantId,
        profile: profile.name,
        xid,
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
    return tx.insertAbsent(TokenTransaction, rows, 'xid');
  }

  private limitsOf(tx: StepTx, { scope, profile, request }: TokenToKeep): RateLimit[] {
    const { name, settings } = profile;
    const { actor, sourceAddress } = scope;
    const limitOf = (rate: keyof typeof RATE_DEFAULTS): number => (settings[rate] as number) ?? RATE_DEFAULTS[rate];
    return [
      {
        policy: 'per-phone',
        subject: `${name}:${this.phoneHash(tx, request.phoneNumber)}`,
        limit: limitOf('perPhonePerMinute'),
      },
      { policy: 'per-service', subject: `${name}:${actor.id}`, limit: limitOf('perServicePerMinute') },
      ...(actor.id === PUBLIC_CALLER ? [addressLimit(name, settings, sourceAddress)] : []),
    ];
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
    if (!this.#lookupKey) throw sealingErrors.SEALED('The secret of the look-up of telephone numbers does not open');
    const text = `${view.scope.tenantId}:${digitsOf(phoneNumber)}`;
    return createHmac('sha256', this.#lookupKey).update(text).digest('hex');
  }
}

/** `+` says nothing about whose number it is. */
const digitsOf = (phoneNumber: string): string => phoneNumber.replace('+', '');

const knownOf = ({ profile, request, token }: TokenToKeep): Known => ({
  profile: profile.name,
  phoneNumber: request.phoneNumber,
  token,
});

function repeated(known: Known, profile: ProfileFacts, { phoneNumber }: TransactionRequest): KeptToken | DomainError {
  const isSame = digitsOf(known.phoneNumber ?? '') === digitsOf(phoneNumber) && known.profile === profile.name;
  if (!isSame || known.token === undefined) return transactionErrors.XID_IN_USE();
  return { token: known.token, isRepeated: true };
}

function addressLimit(profile: string, settings: ProfileFacts['settings'], address: string | null): RateLimit {
  const { perAddressPerMinute = PER_ADDRESS_DEFAULT } = settings['publicAccess'] as { perAddressPerMinute?: number };
  return { policy: 'per-address', subject: `${profile}:${sourceOf(address)}`, limit: perAddressPerMinute };
}
