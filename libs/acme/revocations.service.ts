import { Injectable } from '@nestjs/common';

import { toPem } from '#asn1';
import { type Certificate, Certificates } from '#certificates';
import type { TenantScope } from '#core';
import { base64UrlBytes } from '#crypto';
import { Database, MoreThan, type View } from '#database';
import { parseCertificate, replacesReason } from '#pki';

import { AcmeAuthorization, AcmeOrder } from './entities.js';
import { acmeErrors } from './errors.js';
import { canonicalName, wantedName } from './identifiers.js';
import { textIn } from './jws.js';
import type { AccountRequest, KeyRequest } from './requests.service.js';
import { revocationReasonOf } from './revocation-reasons.js';

/** Revocation by the account that ordered a certificate or has proven all of its names, or by its own key (RFC 8555 §7.6). */
@Injectable()
export class AcmeRevocations {
  constructor(
    private readonly database: Database,
    private readonly certificates: Certificates,
  ) {}

  /**
   * Revokes as the API does, with all that follows.
   * @throws ACME_MALFORMED, ACME_UNAUTHORIZED also for a certificate that is not of this authority, ACME_ALREADY_REVOKED,
   *   ACME_BAD_REVOCATION_REASON, TENANT_SUSPENDED, BUSY
   */
  async revoke(request: AccountRequest | KeyRequest): Promise<void> {
    const payload = request.payload ?? {};
    const reason = revocationReasonOf(payload['reason']);
    const der = base64UrlBytes(textIn(payload, 'certificate'));
    const { certificate, state } = await this.find(request, der ?? Buffer.alloc(0));
    const scope = await this.scopeFor(request, certificate);
    if (state === 'revoked' && !replacesReason(reason, certificate.revocationReason)) {
      throw acmeErrors.ACME_ALREADY_REVOKED();
    }
    await this.certificates.revoke(scope, certificate.kid, reason);
  }

  /** The certificate of these very bytes. @throws ACME_MALFORMED, ACME_UNAUTHORIZED */
  private async find({ scope, caId }: AccountRequest | KeyRequest, der: Buffer) {
    const parsed = parseCertificate(der);
    if (!parsed.ok) throw acmeErrors.ACME_MALFORMED('certificate is not a certificate in base64url');
    const { serialNumber } = parsed.value;
    const { items } = await this.certificates.list(scope, { caId, serialNumber }, { limit: 1 });
    const [found] = items;
    if (found?.certificate.certificatePem !== toPem('CERTIFICATE', der)) throw notYours();
    return found;
  }

  /** The scope in which the caller may revoke the certificate. @throws ACME_UNAUTHORIZED */
  private async scopeFor(request: AccountRequest | KeyRequest, certificate: Certificate): Promise<TenantScope> {
    const { scope } = request;
    if (!('account' in request)) {
      if (request.publicKeyHash !== certificate.publicKeyHash) throw notYours();
      // Its holder needs no account; the tenant must be active.
      return { ...scope, evidence: { kind: 'tenant' } };
    }
    const { kid: certificateKid } = certificate;
    const accountId = request.account.id;
    const mayRevoke = await this.database.read(
      scope,
      async (view) =>
        (await view.exists(AcmeOrder, { certificateKid, accountId })) ||
        (await holdsAuthorizations(view, accountId, certificate.san)),
    );
    if (!mayRevoke) throw notYours();
    return scope;
  }
}

/** A step: whether the account has proven the control of all names of a certificate, by authorizations that hold now (§7.6). */
async function holdsAuthorizations(view: View, accountId: string, names: readonly string[]): Promise<boolean> {
  const proven = names.map(canonicalName).map(wantedName);
  for (const { name, wildcard } of proven) {
    const held = { accountId, name, wildcard, state: 'valid' as const, expiresAt: MoreThan(view.now) };
    if (!(await view.exists(AcmeAuthorization, held))) return false;
  }
  return proven.length > 0;
}

const notYours = (): Error =>
  acmeErrors.ACME_UNAUTHORIZED('The certificate is none that the signer of the request may revoke');
