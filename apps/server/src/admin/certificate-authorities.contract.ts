import {
  type AuthorityState,
  type ImportedAuthority,
  type EffectiveAuthority,
  type NewAuthority as AuthorityRequest,
  type PendingAuthority,
  type RevocationImpact,
  VALIDITY_DAYS_LIMIT,
  type RevocationStatus,
  authorityKeyAlgorithms,
  authorityKeysByJoseName,
  authorityLifecycle,
} from '#certificates';
import { type Rfc3339, Secret, coreErrors } from '#core';
import type { AuthorityKeyAlgorithm } from '#crypto';
import {
  type AttributeName,
  CERTIFICATE_KID_KINDS,
  type CertificateKidKind,
  type DistinguishedName,
  GENERAL_NAME_KINDS,
  type GeneralName,
  type GeneralNameKind,
  LEAF_EXTENDED_KEY_USAGES,
  type LeafExtendedKeyUsage,
  type RevocationReason,
  attributeNames,
  revocationReasons,
} from '#pki';
import { isCidr } from '#tenants';
import { Choice, Flag, Identifier, Instant, Items, NameText, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { Contacts } from './contacts.contract.js';
import { KeyStoreName } from './key-store.contract.js';
import { PageOf } from './page.contract.js';
import { CERTIFICATE_EXAMPLE, CSR_EXAMPLE, Pem } from './pem.contract.js';

const AUTHORITY_DAYS_MAX = 7_300;
const PATH_LENGTH_MAX = 8;
const NAMES_MAX = 100;
const VERSIONS_SHOWN_MAX = 100;

const KEY_ALGORITHM_DEFAULT: AuthorityKeyAlgorithm = 'P-256';

const Name = () =>
  NameText({
    max: 100,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._ -]*$/,
    description: 'Unique among the authorities of the tenant',
    example: 'issuing 2026',
  });

const VISIBLE = /^\S(?:.*\S)?$/u;

/** An attribute of a subject; the bounds are those of RFC 5280, appendix A. */
const Attribute = (max: number, example: string, options = {}) =>
  Text({ max, pattern: VISIBLE, example, optional: true, ...options });

export class Subject {
  @Attribute(64, 'Example Issuing CA', { optional: false }) commonName: string;
  @Attribute(64, 'Example Ltd') organizationName?: string;
  @Attribute(64, 'Security') organizationalUnitName?: string;
  @Attribute(128, 'Berlin') localityName?: string;
  @Attribute(128, 'Berlin') stateOrProvinceName?: string;
  @Attribute(2, 'DE', { pattern: /^[A-Z]{2}$/ }) countryName?: string;
}

/** The order in which a name is written: the most general attribute first. */
const SUBJECT_ORDER = [
  'countryName',
  'stateOrProvinceName',
  'localityName',
  'organizationName',
  'organizationalUnitName',
  'commonName',
] as const satisfies readonly (keyof Subject)[];

export class ConstrainedName {
  @Choice(['dns', 'email', 'ip'], { description: 'Kind of the name', example: 'dns' }) kind: GeneralNameKind;
  @Text({ max: 255, description: 'A domain, or an address range', example: 'example.com' }) value: string;
}

const ConstrainedNames = (description: string) =>
  Items(
    Nested(() => ConstrainedName),
    { maxItems: NAMES_MAX, optional: true, description },
  );

export class NameConstraintsField {
  @ConstrainedNames('Every name of these kinds must be within one of these') permitted?: ConstrainedName[];
  @ConstrainedNames('No name may be within one of these') excluded?: ConstrainedName[];
}

export class NamePolicyField {
  @Items(Choice(attributeNames), {
    maxItems: attributeNames.length,
    optional: true,
    description: 'Attributes that a subject may have in addition to its common name',
    example: ['organizationName'],
  })
  subjectAttributes?: AttributeName[];

  @Items(Choice(GENERAL_NAME_KINDS), {
    maxItems: GENERAL_NAME_KINDS.length,
    optional: true,
    description: 'Permitted types of subject alternative names; default: `dns`',
    example: ['dns'],
  })
  sanKinds?: GeneralNameKind[];

  @Flag({ optional: true, description: 'Whether names may begin with `*.`', example: false }) wildcards?: boolean;

  @Flag({
    optional: true,
    description: 'Whether the first alternative name becomes the common name of a request without one',
    example: false,
  })
  commonNameFromSan?: boolean;

  @Items(Text({ max: 253 }), {
    maxItems: NAMES_MAX,
    optional: true,
    description:
      "If given, every DNS name must be one of these domains or a subdomain of one; otherwise the tenant's " +
      'setting `allowedDnsNames` applies',
    example: ['example.com'],
  })
  domains?: string[];

  @Items(Text({ max: 49 }), {
    maxItems: NAMES_MAX,
    optional: true,
    description:
      'If given, every IP address must be in one of these networks; required to certify addresses through ACME',
    example: ['10.20.0.0/16'],
  })
  networks?: string[];
}

const ValidityDays = (options = {}) =>
  WholeNumber({ min: 1, max: VALIDITY_DAYS_LIMIT, optional: true, example: 365, ...options });

export class IssuingProfileField {
  @Choice(CERTIFICATE_KID_KINDS, {
    optional: true,
    default: 'uuid',
    description: 'How the `kid` is created: random, or the hexadecimal hash of the DER',
  })
  kid?: CertificateKidKind;

  @ValidityDays({ description: 'Default validity in days' }) validityDays?: number;
  @ValidityDays({ description: 'Maximum validity in days' }) validityDaysMax?: number;
  @Nested(() => NamePolicyField, { optional: true, description: 'Names that certificates may have' })
  names?: NamePolicyField;

  @Items(Choice(LEAF_EXTENDED_KEY_USAGES), {
    minItems: 1,
    unique: true,
    maxItems: LEAF_EXTENDED_KEY_USAGES.length,
    optional: true,
    description:
      'Purposes of its certificates (RFC 5280 §4.2.1.12); default: `clientAuth`. Each certificate has all of them',
    example: ['serverAuth', 'clientAuth'],
  })
  extendedKeyUsage?: LeafExtendedKeyUsage[];

  @Flag({ optional: true, description: 'Whether a key may have several valid certificates', example: true })
  keyReuse?: boolean;
}

export class NewCertificateAuthority {
  @Name() name: string;

  @Nested(() => Subject, { optional: true, description: 'Subject name; required unless imported' })
  subject?: Subject;

  @Choice([...authorityKeyAlgorithms, ...authorityKeysByJoseName.keys()], {
    optional: true,
    default: KEY_ALGORITHM_DEFAULT,
    description: `Key type; JOSE names mean ${new Intl.ListFormat('en-GB').format(authorityKeysByJoseName.values())}`,
    example: 'P-256',
  })
  keyAlgorithm?: string;

  @KeyStoreName({ optional: true, description: 'Key store in which its private key is created; it never leaves it' })
  keyStore?: string;

  @WholeNumber({
    min: 1,
    max: AUTHORITY_DAYS_MAX,
    optional: true,
    description:
      "Validity of its certificate in days; default: ten years; ends with the issuer's validity at the latest",
    example: 3_650,
  })
  validityDays?: number;

  @Identifier({ optional: true, description: 'Issuing CA; omit for a root' }) parentId?: string;

  @Flag({
    optional: true,
    default: false,
    description:
      'Whether an issuer outside this server, such as an offline root, issues its certificate. The authority is `pending` with a ' +
      '`csr` until the certificate is uploaded',
    example: true,
  })
  externalIssuer?: boolean;

  @WholeNumber({
    min: 0,
    max: PATH_LENGTH_MAX,
    optional: true,
    description: 'Path length constraint; default: one less than that of the parent',
    example: 0,
  })
  pathLength?: number;

  @Nested(() => NameConstraintsField, { optional: true, description: 'RFC 5280 §4.2.1.10' })
  nameConstraints?: NameConstraintsField;

  @Nested(() => IssuingProfileField, { optional: true, description: 'Rules for issued certificates' })
  profile?: IssuingProfileField;

  @Items(Text({ max: 255 }), {
    maxItems: NAMES_MAX,
    optional: true,
    description:
      "Sets the tenant's setting `allowedDnsNames` together with its first authority. Otherwise only names under " +
      '`<slug>.internal` are certified until the setting is changed',
    example: ['*.acme.example', 'api.acme.test'],
  })
  allowedDnsNames?: string[];

  @Contacts({ optional: true }) contacts?: string[];

  @Pem({
    optional: true,
    description: 'To import: its certificate, followed by those of its issuers',
    example: CERTIFICATE_EXAMPLE,
  })
  certificatePem?: string;

  @Pem({
    optional: true,
    description: 'To import: its private key in PEM',
    example: '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG...\n-----END PRIVATE KEY-----\n',
  })
  key?: string;

  @Text({
    max: 1_024,
    optional: true,
    description: 'To import: the passphrase of an encrypted key',
    example: 'swordfish',
  })
  passphrase?: string;
}

export class CertificateAuthority {
  @Identifier({ description: 'Id of the authority' }) id: string;
  @Name() name: string;
  @Choice(authorityLifecycle.states, { description: 'State; only active authorities issue' })
  state: AuthorityState;
  @Flag({ description: 'Whether it is the default issuer' }) isDefault: boolean;
  @Choice(['generated', 'imported'], { description: 'Origin of its key' }) origin: 'generated' | 'imported';
  @Identifier({ nullable: true, description: 'The authority that issued it' }) parentId: string | null;
  @Choice(authorityKeyAlgorithms, { description: 'Type of its key', example: 'P-256' })
  keyAlgorithm: AuthorityKeyAlgorithm;
  @KeyStoreName({
    nullable: true,
    description: 'Key store of its private key; null if it is sealed in the database',
  })
  keyStore: string | null;
  @Text({ description: 'RFC 4514', example: 'CN=Example Issuing CA,O=Example Ltd,C=DE' }) subject: string;
  @Text({
    nullable: true,
    description: 'RFC 4514; null if it has no certificate yet',
    example: 'CN=Example Root CA,O=Example Ltd,C=DE',
  })
  issuer: string | null;
  @Text({
    nullable: true,
    description: 'Hexadecimal; null if it has no certificate yet',
    example: '4f2a9c1be07d5a8831f6c0de42ab7719',
  })
  serialNumber: string | null;
  @WholeNumber({
    nullable: true,
    description: 'Path length constraint: how many subordinate authorities may follow',
    example: 0,
  })
  pathLength: number | null;
  @Nested(() => NameConstraintsField, { nullable: true, description: 'RFC 5280 §4.2.1.10' })
  nameConstraints: NameConstraintsField | null;
  @Nested(() => IssuingProfileField, { description: 'Rules for issued certificates' }) profile: IssuingProfileField;
  @Contacts() contacts: string[];
  @Pem({
    nullable: true,
    description: 'PKCS#10 request for its external issuer, also for a renewal; null if it was created otherwise',
    example: CSR_EXAMPLE,
  })
  csr: string | null;
  @Pem({ nullable: true, description: 'Its certificate; null if it has none yet', example: CERTIFICATE_EXAMPLE })
  certificate: string | null;
  @Instant({ nullable: true, description: 'Start of the validity; null if it has no certificate yet' })
  notBefore: Rfc3339 | null;
  @Instant({ description: 'End of the validity; until then the certificate of a pending authority can be uploaded' })
  notAfter: Rfc3339;
  @Choice(revocationReasons, { nullable: true, description: 'Revocation reason', example: 'cessationOfOperation' })
  revocationReason: RevocationReason | null;
  @Instant({ nullable: true, description: 'When it was revoked' }) revokedAt: Rfc3339 | null;
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When it last changed' }) updatedAt: Rfc3339;
}

export class CertificateAuthorityPage extends PageOf(CertificateAuthority) {}

export class CrlState {
  @WholeNumber({ description: 'CRL number (RFC 5280 §5.2.3)', example: 1_764_144_000_000 }) number: number;
  @Instant({ description: 'When it was signed' }) thisUpdate: Rfc3339;
  @Instant({ description: 'When it ends' }) nextUpdate: Rfc3339;
  @WholeNumber({ description: 'Size in bytes', example: 412 }) bytes: number;
  @Flag({ description: 'Whether the next one must be signed', example: false }) isDue: boolean;
}

export class OcspSignerState {
  @Text({ description: 'Serial number of its certificate, hexadecimal', example: '5f2a9c' }) serialNumber: string;
  @Instant({ description: 'Start of its validity' }) notBefore: Rfc3339;
  @Instant({ description: 'End of its validity; it is replaced earlier' }) notAfter: Rfc3339;
}

export class OcspAnswerState {
  @Instant({ description: 'When it was returned' }) answeredAt: Rfc3339;
  @Text({ max: 4_000, description: 'The statuses that it contains', example: 'good' }) statuses: string;
}

/** The state of the CRL and of OCSP. */
export class CertificateAuthorityStatus {
  @Nested(() => CrlState, { nullable: true, description: 'The published list; null before the first one' })
  crl: CrlState | null;
  @Nested(() => OcspSignerState, {
    nullable: true,
    description: 'The delegated OCSP responder (RFC 6960 §4.2.2.2); null before the first request',
  })
  ocspSigner: OcspSignerState | null;
  @Nested(() => OcspAnswerState, {
    nullable: true,
    description: 'The last OCSP response of this process; null if there was none since its start',
  })
  lastOcspAnswer: OcspAnswerState | null;
}

export const presentAuthorityStatus = ({ crl, ocsp }: RevocationStatus): CertificateAuthorityStatus => ({
  crl: crl === undefined ? null : present(CrlState, crl),
  ocspSigner: ocsp.signer === undefined ? null : present(OcspSignerState, ocsp.signer),
  lastOcspAnswer: ocsp.lastAnswer === undefined ? null : present(OcspAnswerState, ocsp.lastAnswer),
});

export class AuthorityRevocationImpact {
  @WholeNumber({ description: 'Authorities that would be revoked, including subordinate ones', example: 1 })
  authorities: number;
  @WholeNumber({ description: 'Valid certificates that would be revoked', example: 12 }) certificates: number;
  @Items(Text({ max: 64 }), {
    optional: true,
    maxItems: VERSIONS_SHOWN_MAX,
    description:
      'With `keyCompromise` and `cACompromise`: the versions of signing keys with the same key, which would be marked as compromised',
    example: ['1f0c6c1e-52a0-4b0e-8e61-7d8f0b6c9a42'],
  })
  keyVersions?: readonly string[];
}

export class AuthorityRevocationDryRun {
  @Flag({ description: 'Whether the action is allowed' }) allowed: boolean;
  @Nested(() => AuthorityRevocationImpact, { description: 'What would also be revoked' })
  impact: AuthorityRevocationImpact;
}

const refusal = (pointer: string, code: string, detail: string): Error =>
  coreErrors.VALIDATION_ERROR({ detail: `${pointer} ${detail}`, errors: [{ pointer, code, detail }] });

export function presentAuthorityDryRun(foreseen: {
  readonly allowed: boolean;
  readonly impact: RevocationImpact;
}): AuthorityRevocationDryRun {
  const { keyVersions, ...impact } = foreseen.impact;
  const named = keyVersions.length > 0 ? { keyVersions: keyVersions.slice(0, VERSIONS_SHOWN_MAX) } : {};
  return { ...foreseen, impact: { ...impact, ...named } };
}

/** What only one of the two ways to make an authority has. */
const OF_A_NEW_ONE = [
  'subject',
  'keyAlgorithm',
  'keyStore',
  'validityDays',
  'parentId',
  'externalIssuer',
  'pathLength',
  'nameConstraints',
] as const;
/** What an external issuer decides. */
const OF_ITS_ISSUER = ['parentId', 'validityDays'] as const;
const OF_AN_IMPORT = ['certificatePem', 'key', 'passphrase'] as const;

/** Whether the body imports an authority; anything of an import says so. */
export const isImport = (body: NewCertificateAuthority): boolean =>
  OF_AN_IMPORT.some((member) => body[member] !== undefined);

/** @throws VALIDATION_ERROR where something is missing or has no place in an import */
export function toImport(body: NewCertificateAuthority): ImportedAuthority {
  const { name, profile, contacts, allowedDnsNames, certificatePem, key, passphrase } = body;
  if (certificatePem === undefined) throw refusal('/certificatePem', 'REQUIRED', 'is required to import an authority');
  if (key === undefined) throw refusal('/key', 'REQUIRED', 'is required to import an authority');
  const foreign = OF_A_NEW_ONE.find((member) => body[member] !== undefined);
  if (foreign) throw refusal(`/${foreign}`, 'NOT_OF_AN_IMPORT', 'is given by the certificate that is imported');
  return {
    name,
    profile,
    contacts,
    allowedDnsNames,
    certificatePem,
    key: new Secret(key),
    ...(passphrase === undefined ? {} : { passphrase: new Secret(passphrase) }),
  };
}

/** @throws VALIDATION_ERROR without a subject */
export function toAuthorityRequest(body: NewCertificateAuthority): AuthorityRequest {
  const { name, subject, keyAlgorithm = KEY_ALGORITHM_DEFAULT, nameConstraints, profile } = body;
  const { keyStore, validityDays, parentId, pathLength, allowedDnsNames, contacts } = body;
  if (subject === undefined) throw refusal('/subject', 'REQUIRED', 'is required');
  return {
    name,
    subject: distinguishedName(subject),
    keyAlgorithm: authorityKeysByJoseName.get(keyAlgorithm) ?? (keyAlgorithm as AuthorityKeyAlgorithm),
    profile,
    contacts,
    allowedDnsNames,
    keyStore,
    validityDays,
    parentId,
    pathLength,
    ...(nameConstraints && hasNames(nameConstraints) ? { nameConstraints: toConstraints(nameConstraints) } : {}),
  };
}

/** @throws VALIDATION_ERROR without a subject, and for what the issuer decides */
export function toPendingRequest(body: NewCertificateAuthority): PendingAuthority {
  const foreign = OF_ITS_ISSUER.find((member) => body[member] !== undefined);
  if (foreign) throw refusal(`/${foreign}`, 'NOT_OF_AN_EXTERNAL_ISSUER', 'is decided by the external issuer');
  return toAuthorityRequest(body);
}

export const distinguishedName = (subject: Subject): DistinguishedName =>
  SUBJECT_ORDER.flatMap((type) => {
    const value = subject[type];
    return value === undefined ? [] : [{ type, value }];
  });

// RFC 5280 §4.2.1.10: the extension is never empty.
const hasNames = ({ permitted = [], excluded = [] }: NameConstraintsField): boolean =>
  permitted.length + excluded.length > 0;

const toConstraints = ({ permitted = [], excluded = [] }: NameConstraintsField) => ({
  permitted: permitted.map((name, index) => toSubtree(name, `/nameConstraints/permitted/${index}`)),
  excluded: excluded.map((name, index) => toSubtree(name, `/nameConstraints/excluded/${index}`)),
});

const DOMAIN = /^[A-Za-z0-9.@_-]+$/;

function toSubtree({ kind, value }: ConstrainedName, pointer: string): GeneralName {
  const wellFormed = kind === 'ip' ? isCidr(value) : DOMAIN.test(value);
  if (wellFormed) return { kind, value };
  throw refusal(`${pointer}/value`, 'INVALID_NAME', 'is not a domain, or not a range of addresses');
}

export const presentAuthority = ({ authority: row, state, isDefault }: EffectiveAuthority): CertificateAuthority =>
  present(CertificateAuthority, {
    ...row,
    state,
    isDefault,
    nameConstraints: row.nameConstraints && {
      permitted: [...row.nameConstraints.permitted],
      excluded: [...row.nameConstraints.excluded],
    },
    profile: row.profile as IssuingProfileField,
    contacts: row.contacts ?? [],
    csr: row.csrPem,
    certificate: row.certificatePem,
  });
