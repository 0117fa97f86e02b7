import { Injectable } from '@nestjs/common';

import { PublicUrl } from '#config';

import {
  Clock,
  coreErrors,
  type EpochMilliseconds,
  type Origin,
  type Page,
  type PageRequest,
  platformScope,
  type Secret,
  type TenantScope,
} from '#core';
import { normalContacts, writeContacts } from '#contacts';
import {
  type AuthorityKeyAlgorithm,
  CpuQueue,
  type SigningHalf,
  describedBy,
  keyFileWork,
  publicKeyFingerprint,
  publicKeyToBytes,
} from '#crypto';
import {
  type Committed,
  Database,
  LastArtefacts,
  MoreThanOrEqualInRow,
  type SeenVersions,
  type Tx,
  type View,
} from '#database';
import { type NewPrivateHalf, PrivateHalves, requireUncompromised } from '#keys';
import { toPem } from '#asn1';
import {
  AUTHORITY_VALIDITY_DAYS_DEFAULT,
  type DistinguishedName,
  type NameConstraints,
  authorityProfile,
  buildTbsCertificate,
  issuerOf,
  randomSerialNumber,
  selfIssuer,
  signCertificate,
  signatureAlgorithmFor,
  validityFrom,
} from '#pki';
import { tenantState } from '#tenants';

import { authorityUrls } from './authority-urls.js';
import { authorityKeyRequest, readAuthorityKey } from './authority-key-algorithms.js';
import { readCertificateChain, requireIssuingChain } from './authority-import.js';
import { AuthorityKeys } from './authority-keys.service.js';
import {
  type AuthorityRequest,
  allowNames,
  ofCertificate,
  ofChain,
  requireNamePatterns,
  storeAuthority,
} from './authority-rows.js';
import { Crls } from './crls.service.js';
import { CertificateAuthority } from './entities.js';
import { authorityErrors, certificateErrors } from './errors.js';
import { authorityEvents } from './events.js';
import { issuingProfile } from './issuing-profile.js';
import { type AuthorityState, authorityStateAt } from './lifecycle.js';
import { recordingLintFailure, lintBeforeSigning } from './pre-sign-lint.js';
import { readStored } from './stored-certificate.js';

export interface NewAuthority extends AuthorityRequest {
  readonly subject: DistinguishedName;
  readonly keyAlgorithm: AuthorityKeyAlgorithm;
  /** Name of the key store that its private key is made in and never leaves. */
  readonly keyStore?: string | undefined;
  readonly validityDays?: number | undefined;
  /** The authority of the tenant that issues it; a root without. */
  readonly parentId?: string | undefined;
  readonly pathLength?: number | undefined;
  readonly nameConstraints?: NameConstraints | undefined;
}

export interface ImportedAuthority extends AuthorityRequest {
  /** Its certificate, and below it, if it is no root, those of its issuers. */
  readonly certificatePem: string;
  readonly key: Secret;
  readonly passphrase?: Secret | undefined;
}

/** An authority as it is at this moment. */
export interface EffectiveAuthority {
  readonly authority: CertificateAuthority;
  /** The effective state; the row may not say so yet. */
  readonly state: AuthorityState;
  /** Whether it is the default issuer. */
  readonly isDefault: boolean;
}

const PUBLISHED = { entriesMax: 5_000, bytesMax: 8 * 1024 * 1024 };
const CHAIN_LENGTH_MAX = 10;

@Injectable()
export class CertificateAuthorities {
  readonly #published: LastArtefacts<Buffer>;

  constructor(
    private readonly database: Database,
    private readonly keys: AuthorityKeys,
    private readonly halves: PrivateHalves,
    private readonly crls: Crls,
    private readonly publicUrl: PublicUrl,
    private readonly cpu: CpuQueue,
    clock: Clock,
  ) {
    this.#published = new LastArtefacts(clock, PUBLISHED);
  }

  /**
   * Makes a root, or an intermediate under `parentId`.
   * @throws CA_NAME_TAKEN, NOT_FOUND (parent), CA_NOT_USABLE, POLICY_VIOLATION (path length), LINT_FAILED,
   * VALIDATION_ERROR (allowed names), BUSY; KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY for
   * one in a key store, or below such
   */
  async create(scope: TenantScope, request: NewAuthority): Promise<Committed<EffectiveAuthority>> {
    const profile = issuingProfile(request.profile);
    requireNamePatterns(request);
    const { keyStore = null } = request;
    const wanted = { keyStore, ...authorityKeyRequest(request.keyAlgorithm) };
    // A key takes long to make: not for what is rejected anyway.
    await this.database.read(scope, (view) => this.placeOf(view, request));
    const create = async (half: NewPrivateHalf): Promise<Committed<EffectiveAuthority>> => {
      const key = this.keys.newKey(scope.tenantId, half);
      const { tbs, issuerKey } = await this.database.read(scope, (view) => this.newCertificate(view, request, key));
      const der = await this.cpu.signWith({ group: scope.tenantId }, issuerKey, () => signCertificate(tbs, issuerKey));
      const certificate = readStored({ certificatePem: toPem('CERTIFICATE', der) });
      // Where this does not commit, neither the certificate nor its key was ever outside of this process.
      return this.database.transaction(scope, async (tx) => {
        await allowNames(tx, request);
        const parent = request.parentId === undefined ? null : await this.lockUsable(tx, request.parentId);
        const id = await storeAuthority(tx, this.keys, authorityEvents.created, half, {
          ...ofCertificate(certificate),
          state: 'active',
          name: request.name,
          origin: 'generated',
          parentId: parent?.id ?? null,
          profile,
          contacts: normalContacts(request.contacts ?? []),
          publicKeyHash: publicKeyFingerprint(certificate.publicKeyInfo),
          csrPem: null,
        });
        await this.crls.create(tx, id);
        return this.read(tx, id);
      });
    };
    return recordingLintFailure(
      this.database,
      scope,
      () => request.parentId ?? scope.tenantId,
      () => this.halves.with(scope, wanted, create),
    );
  }

  /**
   * Takes over an authority with its private key, under which it continues to issue.
   * @throws CA_NAME_TAKEN, INVALID_CA_CERTIFICATE, INVALID_CA_KEY, WEAK_KEY, KEY_COMPROMISED, VALIDATION_ERROR (allowed
   *   names), BUSY
   */
  async import(scope: TenantScope, request: ImportedAuthority): Promise<Committed<EffectiveAuthority>> {
    const profile = issuingProfile(request.profile);
    requireNamePatterns(request);
    const chain = readCertificateChain(request.certificatePem);
    const work = {
      ...(request.passphrase === undefined ? keyFileWork.check : keyFileWork.decrypt),
      group: scope.tenantId,
    };
    const key = await this.cpu.run(work, () => readAuthorityKey(request.key, request.passphrase));
    const publicKeyHash = publicKeyFingerprint(publicKeyToBytes(key));
    const certifiedHash = publicKeyFingerprint(chain[0].publicKeyInfo);
    const known = await this.database.readPlatform(platformScope(scope), (view) =>
      view.exists(CertificateAuthority, { publicKeyHash: certifiedHash }),
    );
    // Two registers of one issuer would contradict each other about its serial numbers and revocations.
    if (known) throw authorityErrors.INVALID_CA_CERTIFICATE('This authority is in use here already');
    return this.database.transaction(scope, async (tx) => {
      await allowNames(tx, request);
      const pathLength = requireIssuingChain(chain, { publicKeyHash, profile }, tx.now);
      const half = { in: 'database', signingKey: key } as const;
      const id = await storeAuthority(tx, this.keys, authorityEvents.imported, half, {
        ...ofChain(chain, pathLength),
        state: 'active',
        name: request.name,
        origin: 'imported',
        parentId: null,
        profile,
        contacts: normalContacts(request.contacts ?? []),
        publicKeyHash,
        csrPem: null,
      });
      await this.crls.create(tx, id);
      await requireUncompromised(tx, publicKeyHash);
      return this.read(tx, id);
    });
  }

  /** @param name the whole name of the one that is looked for; all of them where it is absent */
  async list(scope: TenantScope, name: string | undefined, page: PageRequest): Promise<Page<EffectiveAuthority>> {
    return this.database.read(scope, async (view) => {
      const where = name === undefined ? {} : { name };
      const { items, nextCursor } = await view.page(CertificateAuthority, where, [['id', 'ASC']], page);
      const defaultId = (await findDefault(view))?.id;
      return { items: items.map((authority) => effective(authority, view.now, defaultId)), nextCursor };
    });
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, caId: string): Promise<EffectiveAuthority> {
    return this.database.read(scope, (view) => this.read(view, caId));
  }

  /** Changes who is told about the authority. @throws NOT_FOUND, PRECONDITION_FAILED */
  async changeContacts(
    scope: TenantScope,
    caId: string,
    contacts: readonly string[],
    ifMatch?: SeenVersions,
  ): Promise<EffectiveAuthority> {
    const wanted = normalContacts(contacts);
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(CertificateAuthority, { id: caId });
      await tx.change(CertificateAuthority, before, { contacts: wanted, updatedAt: tx.now }, ifMatch);
      await writeContacts(tx, { type: 'certificate_authority', id: caId }, wanted);
      const content = { before: { contacts: before.contacts ?? [] }, after: { contacts: wanted } };
      tx.record(authorityEvents.changed(caId, content));
      return this.read(tx, caId);
    });
  }

  /**
   * The authority's own certificate and those above it, in PEM, the issuer below the issued.
   * @throws NOT_FOUND, CA_NOT_USABLE where it has no certificate yet
   */
  async chain(scope: TenantScope, caId: string): Promise<string> {
    return this.database.read(scope, async (view) => {
      const authority = await view.get(CertificateAuthority, { id: caId });
      if (authority.certificatePem === null) throw notUsable(authority, view.now);
      return this.chainFrom(view, authority);
    });
  }

  /** DER of the certificate, public, in every state; also of a suspended tenant. @throws NOT_FOUND */
  async publishedCertificate(origin: Origin, caId: string): Promise<Buffer> {
    const { value } = await this.#published.publish(caId, () =>
      this.database.readPlatform(platformScope(origin), async (view) => {
        const authority = await view.get(CertificateAuthority, { id: caId });
        if ((await tenantState(view, authority.tenantId)) === 'deleted') throw coreErrors.NOT_FOUND();
        if (authority.certificatePem === null) throw coreErrors.NOT_FOUND();
        const { der } = readStored(authority);
        // A certificate that was renewed since is valid to its end, too.
        return { value: der, bytes: der.length, until: Number.MAX_SAFE_INTEGER };
      }),
    );
    return value;
  }

  /** Whose an authority is, for public calls that name it alone. @throws NOT_FOUND */
  async tenantOf(origin: Origin, caId: string): Promise<string> {
    return this.database.readPlatform(platformScope(origin), async (view) => {
      const { tenantId } = await view.get(CertificateAuthority, { id: caId });
      if ((await tenantState(view, tenantId)) === 'deleted') throw coreErrors.NOT_FOUND();
      return tenantId;
    });
  }

  /** A step of `chain`, and of every answer with a certificate. */
  async chainOf(view: View, caId: string): Promise<string> {
    return this.chainFrom(view, await view.get(CertificateAuthority, { id: caId }));
  }

  /** A step: PEM of an authority that was read, and of those above it. */
  async chainFrom(view: View, own: CertificateAuthority): Promise<string> {
    const chain = [own, ...(await this.ancestorsOf(view, own))];
    return chain.map(({ certificatePem }) => certificatePem ?? '').join('') + (chain.at(-1)?.importedChainPem ?? '');
  }

  /** A step: the authorities above one, its issuer first. */
  async ancestorsOf(view: View, own: CertificateAuthority): Promise<CertificateAuthority[]> {
    const ancestors: CertificateAuthority[] = [];
    let { parentId } = own;
    while (parentId !== null && ancestors.length < CHAIN_LENGTH_MAX) {
      const parent = await view.get(CertificateAuthority, { id: parentId });
      ancestors.push(parent);
      ({ parentId } = parent);
    }
    return ancestors;
  }

  /** A step: the authority that issues, the default where none is named. @throws NOT_FOUND, NO_CERTIFICATE_AUTHORITY, CA_NOT_USABLE */
  async issuing(view: View, caId: string | undefined): Promise<CertificateAuthority> {
    const authority = caId === undefined ? await findDefault(view) : await view.get(CertificateAuthority, { id: caId });
    if (!authority) throw authorityErrors.NO_CERTIFICATE_AUTHORITY();
    requireUsable(authority, view.now);
    return authority;
  }

  /** A step: the authority, locked against revocation until this transaction ends. @throws NOT_FOUND, CA_NOT_USABLE */
  async lockUsable(tx: Tx, caId: string): Promise<CertificateAuthority> {
    const authority = await tx.lock(CertificateAuthority, { id: caId });
    requireUsable(authority, tx.now);
    return authority;
  }

  /** A step of every answer about one authority. @throws NOT_FOUND */
  async read(view: View, caId: string): Promise<EffectiveAuthority> {
    const authority = await view.get(CertificateAuthority, { id: caId });
    return effective(authority, view.now, (await findDefault(view))?.id);
  }

  /** Below which authority a new one is, and how many it permits below itself. @throws as `newCertificate` */
  private async placeOf(view: View, request: NewAuthority) {
    const parent = request.parentId === undefined ? null : await this.issuing(view, request.parentId);
    return { parent, pathLength: pathLengthUnder(parent, request.pathLength) };
  }

  /**
   * What the certificate of a new authority will say, ready to be signed by its parent or by itself.
   * @throws NOT_FOUND (parent), CA_NOT_USABLE, POLICY_VIOLATION (path length), LINT_FAILED
   */
  private async newCertificate(
    view: View,
    request: NewAuthority,
    key: SigningHalf,
  ): Promise<{ tbs: Buffer; issuerKey: SigningHalf }> {
    const { subject, nameConstraints } = request;
    const { parent, pathLength } = await this.placeOf(view, request);
    const publicKeyInfo = publicKeyToBytes(describedBy(key));
    const issuerKey = parent ? await this.keys.authorityKey(view, parent) : key;
    const issuer = parent
      ? issuerOf(readStored(parent), issuerKey)
      : selfIssuer(subject, publicKeyInfo, signatureAlgorithmFor(issuerKey));
    const validityDays = request.validityDays ?? AUTHORITY_VALIDITY_DAYS_DEFAULT;
    const tbs = buildTbsCertificate({
      profile: authorityProfile({
        validityDays,
        ...(pathLength === undefined ? {} : { pathLength }),
        ...(nameConstraints === undefined ? {} : { nameConstraints }),
      }),
      serialNumber: randomSerialNumber(),
      issuer,
      subject,
      publicKeyInfo,
      // A root is a trust anchor and has no revocation status (RFC 5280 §3.3).
      ...(parent ? { urls: authorityUrls(this.publicUrl.current, parent.id) } : {}),
      ...validityFrom(view.now, validityDays, parent ? readStored(parent) : undefined),
    });
    lintBeforeSigning(tbs, parent ? readStored(parent) : undefined);
    return { tbs, issuerKey };
  }
}

/** The default issuer is the oldest authority that can issue. */
async function findDefault(view: View): Promise<CertificateAuthority | undefined> {
  const where = { state: 'active' as const, notAfter: MoreThanOrEqualInRow(view.now) };
  const [oldest] = await view.find(CertificateAuthority, where, { order: { id: 'ASC' }, limit: 1 });
  return oldest;
}

const effective = (
  authority: CertificateAuthority,
  now: EpochMilliseconds,
  defaultId: string | undefined,
): EffectiveAuthority => ({
  authority,
  state: authorityStateAt(authority, now),
  isDefault: authority.id === defaultId,
});

function requireUsable(authority: CertificateAuthority, now: EpochMilliseconds): void {
  if (authorityStateAt(authority, now) !== 'active') throw notUsable(authority, now);
}

function notUsable(authority: CertificateAuthority, now: EpochMilliseconds): Error {
  const state = authorityStateAt(authority, now);
  const remedy = state === 'pending' ? ': upload the certificate that its issuer returns for its request' : '';
  return authorityErrors.CA_NOT_USABLE(`The certificate authority is ${state}${remedy}`);
}

/** RFC 5280 §4.2.1.9: below an authority that permits n more, one permits at most n - 1. */
function pathLengthUnder(parent: CertificateAuthority | null, asked: number | undefined): number | undefined {
  const limit = parent?.pathLength ?? undefined;
  if (limit === undefined) return asked;
  if (limit === 0) throw pathTooLong('The parent permits no authority below it');
  if (asked !== undefined && asked >= limit)
    throw pathTooLong(`Below the parent, the path length is at most ${limit - 1}`);
  return asked ?? limit - 1;
}

const pathTooLong = (detail: string): Error =>
  certificateErrors.POLICY_VIOLATION({
    detail,
    errors: [{ pointer: '/pathLength', code: 'PATH_LENGTH_EXCEEDED', detail }],
  });
