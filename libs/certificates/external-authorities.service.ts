import { Injectable } from '@nestjs/common';

import { toPem } from '#asn1';
import { normalContacts, writeContacts } from '#contacts';
import { DAY, type EpochMilliseconds, type TenantScope, coreErrors } from '#core';
import { type AuthorityKeyAlgorithm, CpuQueue, describedBy, publicKeyFingerprint, publicKeyToBytes } from '#crypto';
import { type Committed, Database, In, type SeenVersions, type Tx, type View, requireVersion } from '#database';
import { releaseObjects } from '#key-stores';
import { type NewPrivateHalf, PrivateHalves, isCompromised, keyErrors, requireUncompromised } from '#keys';
import {
  type CertificationPath,
  type DistinguishedName,
  type NameConstraints,
  authorityProfile,
  authorityRequestExtensions,
  isSelfIssued,
  signCertificateRequest,
} from '#pki';
import { raiseConfigVersion } from '#tenants';

import { authorityKeyRequest } from './authority-key-algorithms.js';
import { AuthorityKeys } from './authority-keys.service.js';
import { invalidChain, readCertificateChain, requireIssuingChain } from './authority-import.js';
import {
  type AuthorityRequest,
  allowNames,
  ofChain,
  ofRequest,
  requireNamePatterns,
  storeAuthority,
} from './authority-rows.js';
import { CertificateAuthorities, type EffectiveAuthority } from './authorities.service.js';
import { Crls } from './crls.service.js';
import { CertificateAuthority } from './entities.js';
import { authorityErrors } from './errors.js';
import { authorityEvents } from './events.js';
import { issuingProfile } from './issuing-profile.js';
import { authorityLifecycle, authorityStateAt } from './lifecycle.js';
import { readStored } from './stored-certificate.js';

/** How long a request waits for its certificate: a ceremony with an offline root takes weeks. */
const PENDING_DAYS = 90;
const DEPTH_MAX = 10;

export interface PendingAuthority extends AuthorityRequest {
  readonly subject: DistinguishedName;
  readonly keyAlgorithm: AuthorityKeyAlgorithm;
  /** Name of the key store that its private key is made in and never leaves. */
  readonly keyStore?: string | undefined;
  /** What the request asks for; the issuer decides. */
  readonly pathLength?: number | undefined;
  readonly nameConstraints?: NameConstraints | undefined;
}

/** What the certificate of an external issuer changes. */
export interface CertificateImpact {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly notBefore: EpochMilliseconds;
  readonly notAfter: EpochMilliseconds;
  /** How many authorities may follow; `null` for any number. */
  readonly pathLength: number | null;
  /** The serial number of the certificate that it replaces. */
  readonly replacedSerialNumber: string | null;
}

const { activate, renew } = authorityLifecycle.event;

/** Authorities whose certificates are issued elsewhere, such as by an offline root: the key and the request are made here. */
@Injectable()
export class ExternalAuthorities {
  constructor(
    private readonly database: Database,
    private readonly authorities: CertificateAuthorities,
    private readonly keys: AuthorityKeys,
    private readonly halves: PrivateHalves,
    private readonly crls: Crls,
    private readonly cpu: CpuQueue,
  ) {}

  /**
   * Makes a key and a request for it. The authority is pending until its certificate is stored.
   * @throws CA_NAME_TAKEN, VALIDATION_ERROR (allowed names), BUSY; KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM, KEY_STORE_UNAVAILABLE,
   *   KEY_STORE_BUSY for one in a key store
   */
  async create(scope: TenantScope, request: PendingAuthority): Promise<Committed<EffectiveAuthority>> {
    const { name, subject, keyStore = null, keyAlgorithm, pathLength, nameConstraints } = request;
    const profile = issuingProfile(request.profile);
    requireNamePatterns(request);
    const wishes = {
      ...(pathLength === undefined ? {} : { pathLength }),
      ...(nameConstraints === undefined ? {} : { nameConstraints }),
    };
    const create = async (half: NewPrivateHalf): Promise<Committed<EffectiveAuthority>> => {
      const key = this.keys.newKey(scope.tenantId, half);
      const extensions = authorityRequestExtensions(authorityProfile(wishes), key);
      const der = await this.cpu.signWith({ group: scope.tenantId }, key, () =>
        signCertificateRequest(subject, key, extensions),
      );
      return this.database.transaction(scope, async (tx) => {
        await allowNames(tx, request);
        const id = await storeAuthority(tx, this.keys, authorityEvents.requested, half, {
          ...ofRequest(subject, wishes, tx.now + PENDING_DAYS * DAY),
          state: 'pending',
          name,
          origin: 'generated',
          parentId: null,
          profile,
          contacts: normalContacts(request.contacts ?? []),
          publicKeyHash: publicKeyFingerprint(publicKeyToBytes(describedBy(key))),
          csrPem: toPem('CERTIFICATE REQUEST', der),
        });
        return this.authorities.read(tx, id);
      });
    };
    return this.halves.with(scope, { keyStore, ...authorityKeyRequest(keyAlgorithm) }, create);
  }

  /**
   * Stores the certificate that an external issuer issued for the key: the first one activates the authority, a later one renews it.
   * Repeating it changes nothing.
   * @param pem the certificate, followed by those of its issuers
   * @throws NOT_FOUND, CA_HAS_PARENT, CA_NOT_USABLE, INVALID_CA_CERTIFICATE, INVALID_CA_KEY, KEY_COMPROMISED, PRECONDITION_FAILED
   */
  async storeCertificate(
    scope: TenantScope,
    caId: string,
    pem: string,
    ifMatch?: SeenVersions,
  ): Promise<Committed<EffectiveAuthority>> {
    await this.database.read(scope, (view) => view.get(CertificateAuthority, { id: caId }));
    const chain = readCertificateChain(pem);
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(CertificateAuthority, { id: caId });
      requireVersion(before, ifMatch);
      const columns = await acceptedColumns(tx, before, chain);
      await requireUncompromised(tx, before.publicKeyHash);
      if (!isStored(before, columns)) await this.replace(tx, before, columns);
      return this.authorities.read(tx, caId);
    });
  }

  /** What `storeCertificate` would do. @throws as it */
  async dryRunCertificate(
    scope: TenantScope,
    caId: string,
    pem: string,
  ): Promise<{ allowed: true; impact: CertificateImpact }> {
    return this.database.read(scope, async (view) => {
      const before = await view.get(CertificateAuthority, { id: caId });
      const chain = readCertificateChain(pem);
      const columns = await acceptedColumns(view, before, chain);
      if (await isCompromised(view, before.publicKeyHash)) throw keyErrors.KEY_COMPROMISED();
      const [{ serialNumber, notBefore, notAfter }] = chain;
      const { subject, issuer, pathLength } = columns;
      const replacedSerialNumber = isStored(before, columns) ? null : before.serialNumber;
      return {
        allowed: true,
        impact: { subject, issuer: issuer!, serialNumber, notBefore, notAfter, pathLength, replacedSerialNumber },
      };
    });
  }

  /**
   * Deletes an authority that never had a certificate, and destroys its key.
   * @throws NOT_FOUND, PRECONDITION_FAILED; WRONG_STATE for one that had
   */
  async delete(scope: TenantScope, caId: string, ifMatch?: SeenVersions): Promise<Committed<void>> {
    return this.database.transaction(scope, async (tx) => {
      const authority = await tx.lock(CertificateAuthority, { id: caId });
      requireVersion(authority, ifMatch);
      if (authority.certificatePem !== null) {
        throw coreErrors.WRONG_STATE('A certificate authority that has a certificate cannot be deleted; revoke it');
      }
      await tx.delete(CertificateAuthority, { id: caId });
      await writeContacts(tx, { type: 'certificate_authority', id: caId }, []);
      if (authority.keyStore !== null) await releaseObjects(tx, [caId]);
      tx.record(authorityEvents.deleted(caId, { before: { name: authority.name, subject: authority.subject } }));
    });
  }

  private async replace(tx: Tx, before: CertificateAuthority, set: ReturnType<typeof ofChain>): Promise<void> {
    const isFirst = before.certificatePem === null;
    await tx.transition(CertificateAuthority, before, isFirst ? activate : renew, { set });
    if (isFirst) await this.crls.create(tx, before.id);
    // Instances keep issuers and their chains in memory.
    await raiseConfigVersion(tx);
  }
}

/** What the row says with the chain. @throws as `storeCertificate` */
async function acceptedColumns(view: View, authority: CertificateAuthority, chain: CertificationPath) {
  const { id, parentId } = authority;
  if (parentId !== null) throw authorityErrors.CA_HAS_PARENT();
  const state = authorityStateAt(authority, view.now);
  if (state !== 'pending' && state !== 'active') {
    throw authorityErrors.CA_NOT_USABLE(`The certificate authority is ${state}`);
  }
  const pathLength = requireIssuingChain(chain, authority, view.now);
  const [own, ...issuers] = chain;
  if (issuers.length === 0 && !isSelfIssued(own)) {
    throw invalidChain('The certificates of its issuers are missing: append them, each after the one that it issued');
  }
  if (authority.certificatePem !== null) {
    const stored = readStored(authority);
    // What it issued names it by these (RFC 5280 §4.1.2.4, §4.2.1.1).
    if (!own.subjectName.equals(stored.subjectName)) throw invalidChain('The subject must stay the same');
    if (!sameBytes(own.subjectKeyIdentifier, stored.subjectKeyIdentifier)) {
      throw invalidChain('The subject key identifier must stay the same');
    }
    const depth = await depthBelow(view, id);
    if (depth > (pathLength ?? depth)) {
      throw invalidChain(`There are ${depth} levels of authorities below this one; the chain permits ${pathLength}`);
    }
  }
  return ofChain(chain, pathLength);
}

/** How many levels of usable authorities there are below one. */
async function depthBelow(view: View, id: string): Promise<number> {
  let depth = 0;
  for (let above = [id]; depth <= DEPTH_MAX; depth += 1) {
    const below = await view.find(CertificateAuthority, { parentId: In(above), state: 'active' });
    if (below.length === 0) break;
    above = below.map((authority) => authority.id);
  }
  return depth;
}

const isStored = (authority: CertificateAuthority, columns: ReturnType<typeof ofChain>): boolean =>
  authority.certificatePem === columns.certificatePem && authority.importedChainPem === columns.importedChainPem;

const sameBytes = (one: Buffer | undefined, other: Buffer | undefined): boolean =>
  one === undefined || other === undefined ? one === other : one.equals(other);
