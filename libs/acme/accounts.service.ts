import { Injectable } from '@nestjs/common';

import { PublicUrl } from '#config';
import { type EpochMilliseconds, HOUR, selfDeciding } from '#core';
import { publicKeyFingerprint, publicKeyToBytes, uuidv7 } from '#crypto';
import { Database, type View } from '#database';
import { requireActiveTenant } from '#tenants';

import { contactsIn } from './account-contacts.js';
import { requireSponsor } from './authority.js';
import { AcmeBindings } from './bindings.service.js';
import { AcmeAccount } from './entities.js';
import { acmeErrors } from './errors.js';
import { acmeAccountEvents } from './events.js';
import { type SentBinding, readBinding } from './external-binding.js';
import { accountKey, algorithmOf, parseFlattenedJws, payloadOf, requireSignature, signerOf, textIn } from './jws.js';
import { acmeAccountLifecycle } from './lifecycle.js';
import { RefusedAcmeRequests } from './refused-requests.service.js';
import type { AccountRequest, KeyRequest } from './requests.service.js';
import { acmeUrls } from './urls.js';

/** Accounts of one service that are valid. */
const ACCOUNTS_MAX = 100;
/** Accounts of one service that are stored: what has ended is kept for a while. */
const ACCOUNTS_STORED_MAX = 1_000;
/** How exactly the last use is known. */
const USE_WRITTEN_EVERY = HOUR;

/** The accounts of ACME clients, as the clients manage them (RFC 8555 §7.3). */
@Injectable()
export class AcmeAccounts {
  constructor(
    private readonly database: Database,
    private readonly bindings: AcmeBindings,
    private readonly refused: RefusedAcmeRequests,
    private readonly publicUrl: PublicUrl,
  ) {}

  /**
   * A new account, or the one that the key has already.
   * @throws ACME_ACCOUNT_NOT_FOUND (`onlyReturnExisting`), ACME_ACCOUNT_ENDED, ACME_BINDING_REQUIRED, ACME_UNAUTHORIZED,
   *   ACME_MALFORMED, ACME_INVALID_CONTACT, ACME_UNSUPPORTED_CONTACT, ACME_ACCOUNT_LIMIT_REACHED, TENANT_SUSPENDED
   */
  async create(request: KeyRequest): Promise<{ readonly account: AcmeAccount; readonly isNew: boolean }> {
    const { payload, caId, publicKeyHash, url, jwk } = request;
    if (payload === undefined) throw acmeErrors.ACME_MALFORMED('A new account has a payload');
    const known = await this.database.read(request.scope, (view) => view.findOne(AcmeAccount, { caId, publicKeyHash }));
    if (known) return { account: requireValid(known), isNew: false };
    if (payload['onlyReturnExisting'] === true) throw acmeErrors.ACME_ACCOUNT_NOT_FOUND();
    const contacts = contactsIn(payload['contact']);
    if (payload['externalAccountBinding'] === undefined) throw acmeErrors.ACME_BINDING_REQUIRED();
    const sent = readBinding(payload['externalAccountBinding'], url, jwk);
    try {
      return { account: await this.bind(request, sent, contacts), isNew: true };
    } catch (error) {
      await this.refused.noteBinding(request, sent.kid, error);
      throw error;
    }
  }

  private async bind(request: KeyRequest, sent: SentBinding, contacts: readonly string[]): Promise<AcmeAccount> {
    const { tenantId, caId, publicKey, publicKeyHash } = request;
    return this.database.transaction(request.scope, async (tx) => {
      await requireActiveTenant(tx);
      const id = uuidv7(tx.now);
      const binding = await this.bindings.use(tx, sent, caId, id);
      await requireSponsor(tx, binding);
      const { id: bindingId, serviceId, credentialId, trustId } = binding;
      const [valid, stored] = [{ serviceId, state: 'valid' as const }, { serviceId }];
      const isFull = (await tx.count(AcmeAccount, valid)) >= ACCOUNTS_MAX;
      if (isFull || (await tx.count(AcmeAccount, stored)) >= ACCOUNTS_STORED_MAX) {
        throw acmeErrors.ACME_ACCOUNT_LIMIT_REACHED();
      }
      const row: AcmeAccount = {
        id,
        tenantId,
        caId,
        serviceId,
        bindingId,
        credentialId,
        trustId,
        state: 'valid',
        publicKey,
        publicKeyHash,
        contacts,
        lastUsedAt: tx.now,
        endedAt: null,
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(AcmeAccount, row, { duplicate: () => acmeErrors.ACME_ACCOUNT_KEY_TAKEN() });
      const after = { caId, serviceId, bindingId, publicKeyHash, contacts };
      tx.record(acmeAccountEvents.created(id, { after }));
      return row;
    });
  }

  /**
   * Changes the contacts, or deactivates the account: nothing is ordered by it any more (§7.3.2, §7.3.6).
   * @throws ACME_MALFORMED, ACME_INVALID_CONTACT, ACME_UNSUPPORTED_CONTACT, and as the authority of the account
   */
  async update({ account, scope, payload }: AccountRequest): Promise<AcmeAccount> {
    if (payload === undefined) return account;
    const { status, contact } = payload;
    if (status !== undefined && status !== 'deactivated') {
      throw acmeErrors.ACME_MALFORMED('The status of an account can be changed to deactivated only');
    }
    const contacts = contact === undefined ? undefined : contactsIn(contact);
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(AcmeAccount, { id: account.id });
      if (status === 'deactivated') {
        return tx.transition(AcmeAccount, before, acmeAccountLifecycle.event.deactivate);
      }
      if (contacts === undefined) {
        tx.housekeeping('nothing was to be changed');
        return before;
      }
      const after = await tx.change(AcmeAccount, before, { contacts, updatedAt: tx.now });
      const content = { before: { contacts: before.contacts }, after: { contacts } };
      tx.record(acmeAccountEvents.changed(account.id, content));
      return after;
    });
  }

  /**
   * Replaces the key of the account by one whose holder signed the change, too (§7.3.5).
   * @throws ACME_ACCOUNT_KEY_TAKEN with the `account`, ACME_MALFORMED, ACME_BAD_PUBLIC_KEY, ACME_BAD_SIGNATURE_ALGORITHM
   */
  async changeKey({ account, scope, payload, url, urls, caId }: AccountRequest): Promise<AcmeAccount> {
    const inner = parseFlattenedJws(payload);
    const signer = signerOf(inner);
    if (!('jwk' in signer)) throw wrong('brings the new key as jwk');
    if (Object.hasOwn(inner.header, 'nonce')) throw wrong('has no nonce');
    if (textIn(inner.header, 'url') !== url) throw wrong('has the URL of the request around it');
    const { key, publicKey } = accountKey(signer.jwk);
    await requireSignature(inner, algorithmOf(inner), key);
    const change = payloadOf(inner) ?? {};
    if (change['account'] !== urls.account(account.id)) throw wrong('names the account of the request around it');
    const { oldKey } = change;
    if (typeof oldKey !== 'object' || oldKey === null || Array.isArray(oldKey)) throw wrong('has the old key');
    const oldHash = publicKeyFingerprint(publicKeyToBytes(accountKey(oldKey as Readonly<Record<string, unknown>>).key));
    if (oldHash !== account.publicKeyHash) throw wrong('has the old key of the account');
    const publicKeyHash = publicKeyFingerprint(publicKeyToBytes(key));
    const taken = await this.database.read(scope, (view) => view.findOne(AcmeAccount, { caId, publicKeyHash }));
    if (taken) throw acmeErrors.ACME_ACCOUNT_KEY_TAKEN({ extensions: { account: urls.account(taken.id) } });
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(AcmeAccount, { id: account.id });
      // Of two changes of one key the second finds another key than it was signed by.
      if (before.publicKeyHash !== oldHash) throw wrong('has the old key of the account');
      const set = { publicKey, publicKeyHash, updatedAt: tx.now };
      // Another account can have taken the key since it was looked for.
      const duplicate = () => acmeErrors.ACME_ACCOUNT_KEY_TAKEN();
      const after = await tx.change(AcmeAccount, before, set, undefined, { duplicate });
      const content = { before: { publicKeyHash: oldHash }, after: { publicKeyHash } };
      tx.record(acmeAccountEvents.key_changed(account.id, content));
      return after;
    });
  }

  /** Writes that an account was used, now and then. */
  async noteUse({ account, scope }: Pick<AccountRequest, 'account' | 'scope'>): Promise<void> {
    const { id, lastUsedAt } = account;
    if (!isStale(lastUsedAt, this.database.now())) return;
    await this.database.transaction(selfDeciding(scope), async (tx) => {
      tx.housekeeping('when an ACME account was last used');
      await tx.note(AcmeAccount, { id }, { lastUsedAt: tx.now });
    });
  }

  /** The address of an account. */
  urlOf({ id, caId }: Pick<AcmeAccount, 'id' | 'caId'>): string {
    return acmeUrls(this.publicUrl.current, caId).account(id);
  }
}

const isStale = (lastUsedAt: EpochMilliseconds | null, now: EpochMilliseconds): boolean =>
  lastUsedAt === null || Math.abs(now - lastUsedAt) >= USE_WRITTEN_EVERY;

/** @throws ACME_ACCOUNT_ENDED */
function requireValid(account: AcmeAccount): AcmeAccount {
  if (account.state !== 'valid') throw acmeErrors.ACME_ACCOUNT_ENDED(`The account is ${account.state}`);
  return account;
}

const wrong = (rule: string): Error => acmeErrors.ACME_MALFORMED(`The inner JWS of a key change ${rule}`);

/** A step: whether some account of the tenant has this key. */
export const isAccountKey = (view: View, publicKeyHash: string): Promise<boolean> =>
  view.exists(AcmeAccount, { publicKeyHash });
