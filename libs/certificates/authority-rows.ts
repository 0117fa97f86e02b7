import { chainToPem, toPem } from '#asn1';
import { writeContacts } from '#contacts';
import { type EpochMilliseconds, type EventFactory, coreErrors } from '#core';
import { uuidv7 } from '#crypto';
import type { Tx } from '#database';
import { keepObject } from '#key-stores';
import type { NewPrivateHalf } from '#keys';
import { type CertificationPath, type DistinguishedName, type ParsedCertificate, formatName } from '#pki';
import { changeTenant, checkSettings } from '#tenants';

import { authorityKeyAlgorithmOf } from './authority-key-algorithms.js';
import type { AuthorityKeys } from './authority-keys.service.js';
import { CertificateAuthority } from './entities.js';
import { authorityErrors } from './errors.js';
import type { IssuingProfileRequest } from './issuing-profile.js';

/** What every way to make an authority takes. */
export interface AuthorityRequest {
  readonly name: string;
  readonly profile?: IssuingProfileRequest | undefined;
  /** E-mail addresses of who is told about it. */
  readonly contacts?: readonly string[] | undefined;
  /** For the tenant's setting of this name; with its first authority only. */
  readonly allowedDnsNames?: readonly string[] | undefined;
}

/** The columns that follow from the certificate of an authority. */
type OfCertificate = Pick<
  CertificateAuthority,
  | 'subject'
  | 'issuer'
  | 'serialNumber'
  | 'pathLength'
  | 'nameConstraints'
  | 'certificatePem'
  | 'importedChainPem'
  | 'notBefore'
  | 'notAfter'
>;

export const ofCertificate = (certificate: ParsedCertificate): OfCertificate => ({
  subject: formatName(certificate.subject),
  issuer: formatName(certificate.issuer),
  serialNumber: certificate.serialNumber,
  pathLength: certificate.basicConstraints?.pathLength ?? null,
  nameConstraints: certificate.nameConstraints ?? null,
  certificatePem: toPem('CERTIFICATE', certificate.der),
  importedChainPem: null,
  notBefore: certificate.notBefore,
  notAfter: certificate.notAfter,
});

/** @param pathLength what the whole chain permits below it */
export const ofChain = ([own, ...issuers]: CertificationPath, pathLength: number | null): OfCertificate => ({
  ...ofCertificate(own),
  pathLength,
  importedChainPem: issuers.length === 0 ? null : chainToPem(issuers.map(({ der }) => der)),
});

/** Of an authority without one. @param notAfter until when it waits for it */
export const ofRequest = (
  subject: DistinguishedName,
  { pathLength = null, nameConstraints = null }: Partial<Pick<OfCertificate, 'pathLength' | 'nameConstraints'>>,
  notAfter: EpochMilliseconds,
): OfCertificate => ({
  subject: formatName(subject),
  issuer: null,
  serialNumber: null,
  pathLength,
  nameConstraints,
  certificatePem: null,
  importedChainPem: null,
  notBefore: null,
  notAfter,
});

/** @throws VALIDATION_ERROR */
export function requireNamePatterns({ allowedDnsNames }: AuthorityRequest): void {
  if (allowedDnsNames !== undefined) checkSettings({ allowedDnsNames }, '');
}

/**
 * A step: the request for the first authority can contain the tenant's setting. Later it is changed with the tenant, because it also
 * applies to the authorities that exist already.
 * @throws VALIDATION_ERROR
 */
export async function allowNames(tx: Tx, { allowedDnsNames }: AuthorityRequest): Promise<void> {
  if (allowedDnsNames === undefined) return;
  // Locks the tenant, so that of two requests for the first authority one sees the other's.
  await changeTenant(tx, { settings: { allowedDnsNames } });
  const [another] = await tx.find(CertificateAuthority, {}, { limit: 1 });
  if (another) {
    const detail = 'belongs to the first authority; change the setting of the tenant instead';
    throw coreErrors.VALIDATION_ERROR({
      errors: [{ pointer: '/allowedDnsNames', code: 'NOT_THE_FIRST_AUTHORITY', detail }],
    });
  }
}

/** What a new row says that follows neither from its key nor from the clock. */
type NewRow = OfCertificate &
  Pick<
    CertificateAuthority,
    'state' | 'name' | 'origin' | 'parentId' | 'profile' | 'contacts' | 'publicKeyHash' | 'csrPem'
  >;

/** A step: a new authority with its key. @returns its id @throws CA_NAME_TAKEN, SEALED */
export async function storeAuthority(
  tx: Tx,
  keys: AuthorityKeys,
  event: EventFactory,
  half: NewPrivateHalf,
  about: NewRow,
): Promise<string> {
  const { now } = tx;
  const isStored = half.in === 'store';
  const id = isStored ? half.recordId : uuidv7(now);
  const { tenantId } = tx.scope;
  if (isStored) await keepObject(tx, id);
  const row: CertificateAuthority = {
    ...about,
    id,
    tenantId,
    keyAlgorithm: authorityKeyAlgorithmOf(isStored ? half.publicKey : half.signingKey)!,
    sealedPrivateKey: isStored ? null : await keys.sealAuthorityKey(tx, { id, tenantId }, half.signingKey),
    keyStore: isStored ? half.store : null,
    revocationReason: null,
    revokedAt: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  await tx.insert(CertificateAuthority, row, { duplicate: () => authorityErrors.CA_NAME_TAKEN() });
  await writeContacts(tx, { type: 'certificate_authority', id }, row.contacts ?? []);
  tx.record(event(id, { after: auditSnapshot(row) }));
  return id;
}

const auditSnapshot = ({
  name,
  origin,
  parentId,
  subject,
  keyAlgorithm,
  serialNumber,
  notAfter,
  profile,
  contacts,
  keyStore,
}: CertificateAuthority) => ({
  ...(keyStore === null ? {} : { keyStore }),
  contacts: contacts ?? [],
  name,
  origin,
  parentId,
  subject,
  keyAlgorithm,
  serialNumber,
  notAfter,
  kid: profile.kid,
});
