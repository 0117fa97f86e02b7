import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { CertificateAuthorities } from '#certificates';
import { PublicUrl } from '#config';
import { type Json, type Origin, type TenantScope, coreErrors, isUuid, selfDeciding, systemOrigin } from '#core';
import { type Jwk, publicKeyFingerprint, publicKeyToBytes } from '#crypto';
import { Database } from '#database';
import { activeServiceName } from '#service-keys';

import { usableAccount } from './authority.js';
import { AcmeAccount } from './entities.js';
import { acmeErrors } from './errors.js';
import {
  accountKey,
  algorithmOf,
  parseFlattenedJws,
  payloadOf,
  requireJoseJson,
  requireSignature,
  signerOf,
  textIn,
} from './jws.js';
import { Nonces } from './nonces.service.js';
import { RefusedAcmeRequests } from './refused-requests.service.js';
import { type AcmeUrls, acmeUrls } from './urls.js';

/** A POST as it arrived. */
export interface AcmeCall {
  readonly caId: string;
  /** The path of the request target, without a query. */
  readonly path: string;
  readonly contentType: string | undefined;
  /** What the strict JSON parser read. */
  readonly body: unknown;
  readonly requestId: string;
  readonly sourceAddress: string;
}

/** What every request is about. */
interface Addressed {
  readonly tenantId: string;
  readonly caId: string;
  readonly urls: AcmeUrls;
  /** The URL of the request. */
  readonly url: string;
  /** `undefined` for POST-as-GET. */
  readonly payload: Readonly<Record<string, Json>> | undefined;
}

/** A request that an account signed. */
export interface AccountRequest extends Addressed {
  readonly account: AcmeAccount;
  readonly scope: TenantScope;
}

/** A request that is signed by a key that it brings along. */
export interface KeyRequest extends Addressed {
  readonly jwk: Jwk;
  readonly key: KeyObject;
  readonly publicKey: Readonly<Record<string, string>>;
  /** SHA-256 of the SubjectPublicKeyInfo in hexadecimal. */
  readonly publicKeyHash: string;
  /** Decides by itself what the holder of the key may do. */
  readonly scope: TenantScope;
}

const SYSTEM = systemOrigin('acme');

/**
 * Who sends an ACME request, and that it was meant for exactly this address and is not a repetition (RFC 8555 §6.2 to §6.5).
 * The nonce is used up once the signature is verified: a request without one writes no row and spends no nonce.
 */
@Injectable()
export class AcmeRequests {
  constructor(
    private readonly database: Database,
    private readonly authorities: CertificateAuthorities,
    private readonly nonces: Nonces,
    private readonly refused: RefusedAcmeRequests,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** The addresses of the server of an authority. @throws NOT_FOUND */
  async urlsOf(origin: Origin, caId: string): Promise<AcmeUrls> {
    await this.tenantOf(origin, caId);
    return acmeUrls(this.publicUrl.current, caId);
  }

  /** @throws NOT_FOUND */
  async tenantOf(origin: Origin, caId: string): Promise<string> {
    if (!isUuid(caId)) throw coreErrors.NOT_FOUND();
    return this.authorities.tenantOf(origin, caId);
  }

  /**
   * A request of an account.
   * @throws NOT_FOUND, UNSUPPORTED_MEDIA_TYPE, ACME_MALFORMED, ACME_BAD_NONCE, ACME_UNAUTHORIZED (URL, service),
   *   ACME_BAD_SIGNATURE_ALGORITHM, ACME_BAD_PUBLIC_KEY, ACME_ACCOUNT_NOT_FOUND, ACME_ACCOUNT_ENDED, TENANT_SUSPENDED
   */
  async ofAccount(call: AcmeCall): Promise<AccountRequest> {
    const request = await this.ofAccountOrKey(call);
    if (!('account' in request))
      throw acmeErrors.ACME_MALFORMED('The request is signed by an account, and names it by kid');
    return request;
  }

  /** A request that brings its key. @throws as `ofAccount` */
  async ofKey(call: AcmeCall): Promise<KeyRequest> {
    const request = await this.ofAccountOrKey(call);
    if ('account' in request) throw acmeErrors.ACME_MALFORMED('The request brings its key as jwk');
    return request;
  }

  /** A request of either kind. @throws as `ofAccount` */
  async ofAccountOrKey(call: AcmeCall): Promise<AccountRequest | KeyRequest> {
    requireJoseJson(call.contentType);
    const { caId, requestId, sourceAddress } = call;
    const facts = { requestId, sourceAddress };
    const tenantId = await this.tenantOf({ ...SYSTEM, ...facts }, caId);
    const jws = parseFlattenedJws(call.body);
    const nonce = await this.nonces.check(jws.header['nonce']);
    const urls = acmeUrls(this.publicUrl.current, caId);
    const url = `${this.publicUrl.current}${call.path}`;
    // §6.4: whatever is between client and server cannot send the request elsewhere.
    if (textIn(jws.header, 'url') !== url) throw acmeErrors.ACME_UNAUTHORIZED('The URL in the header is another one');
    const algorithm = algorithmOf(jws);
    const signer = signerOf(jws);
    const unproven = selfDeciding({ ...SYSTEM, ...facts, tenantId });
    const addressed = { tenantId, caId, urls, url };
    if ('jwk' in signer) {
      const { key, publicKey } = accountKey(signer.jwk);
      await requireSignature(jws, algorithm, key);
      await this.nonces.use(nonce);
      const publicKeyHash = publicKeyFingerprint(publicKeyToBytes(key));
      return { ...addressed, payload: payloadOf(jws), jwk: signer.jwk, key, publicKey, publicKeyHash, scope: unproven };
    }
    const account = await this.accountAt(unproven, urls, caId, signer.kid);
    await requireSignature(jws, algorithm, accountKey(account.publicKey).key);
    await this.nonces.use(nonce);
    const scope = await this.scopeOf(unproven, account, facts);
    return { ...addressed, payload: payloadOf(jws), account, scope };
  }

  /** The account of a `kid`, in whatever state. @throws ACME_ACCOUNT_NOT_FOUND also for one of another authority */
  private async accountAt(scope: TenantScope, urls: AcmeUrls, caId: string, kid: string): Promise<AcmeAccount> {
    const id = kid.startsWith(urls.account('')) ? kid.slice(urls.account('').length) : '';
    const account = isUuid(id)
      ? await this.database.read(scope, (view) => view.findOne(AcmeAccount, { id, caId }))
      : null;
    if (!account) throw acmeErrors.ACME_ACCOUNT_NOT_FOUND('There is no account with this kid');
    return account;
  }

  /** What an account may work in. @throws as `usableAccount` */
  private async scopeOf(
    unproven: TenantScope,
    account: AcmeAccount,
    facts: Pick<Origin, 'requestId' | 'sourceAddress'>,
  ): Promise<TenantScope> {
    const { id, serviceId, publicKeyHash } = account;
    const { tenantId } = unproven;
    const actor = { type: 'service' as const, id: serviceId, name: serviceId, credentialId: id };
    const scope = { ...facts, tenantId, evidence: { kind: 'acme-account' as const, accountId: id, publicKeyHash } };
    try {
      const name = await this.database.read(unproven, async (view) => {
        await usableAccount(view, id, publicKeyHash);
        return activeServiceName(view, serviceId);
      });
      return { ...scope, actor: { ...actor, name } };
    } catch (error) {
      await this.refused.noteAccount({ account, scope: { ...scope, actor } }, error);
      throw error;
    }
  }
}
