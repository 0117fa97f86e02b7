import {
  type CertificateState,
  type CertificateWithChain as Found,
  type IssuedCertificate,
  type EffectiveCertificate,
  type RevocationDryRun as Foreseen,
  VALIDITY_DAYS_LIMIT,
  certificateLifecycle,
} from '#certificates';
import type { Rfc3339 } from '#core';
import { IGNORED_PART_KINDS, type IgnoredPart, type RevocationReason, revocationReasons } from '#pki';

import { Compiled } from '../http/compiled-input.js';
import { Choice, Flag, Identifier, Instant, Items, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { Contacts, Owner } from './contacts.contract.js';
import { PageCursor, PageLimit, PageOf } from './page.contract.js';
import { CERTIFICATE_EXAMPLE, CSR_EXAMPLE, Pem } from './pem.contract.js';

const NAMES_MAX = 50;
const CERTIFICATES_SHOWN_MAX = 100;
const IGNORED_MAX = 100;
const KID_EXAMPLE = '3343c158-d371-41cd-be7d-d8b3cb133445';
const SERIAL_EXAMPLE = '4f2a9c1be07d5a8831f6c0de42ab7719';

/** A hold is a separate action. */
const finalReasons = revocationReasons.filter((reason) => reason !== 'certificateHold');
type FinalReason = Exclude<RevocationReason, 'certificateHold'>;

const Kid = (options = {}) =>
  Text({ max: 64, description: 'Certificate ID (`kid`)', example: KID_EXAMPLE, ...options });
const ValidityDays = () =>
  WholeNumber({
    min: 1,
    max: VALIDITY_DAYS_LIMIT,
    optional: true,
    description: 'Validity in days; default: that of the authority (365)',
    example: 365,
  });
const Csr = (options = {}) => Pem({ description: 'PKCS#10 request in PEM', example: CSR_EXAMPLE, ...options });

export class NewCertificate {
  @Csr() csr: string;
  @Identifier({ optional: true, description: 'Issuing CA; default: the default issuer' }) caId?: string;
  @Identifier({ optional: true, description: 'The service that it belongs to' }) serviceId?: string;
  @ValidityDays() validityDays?: number;

  @Items(Text({ max: 255 }), {
    maxItems: NAMES_MAX,
    optional: true,
    description: 'Alternative names in addition to those of the request',
    example: ['client.example.com'],
  })
  san?: string[];

  @Contacts({ optional: true }) contacts?: string[];
}

/** The certificate belongs to the calling service. */
@Compiled()
export class OwnCertificateRequest {
  @Csr() csr: string;
}

export class CertificateRenewal {
  @Csr({ optional: true, description: 'A request with the new key; absent: the same key' }) csr?: string;
  @ValidityDays() validityDays?: number;
}

@Compiled()
export class OwnCertificateRenewal {
  @Csr({ optional: true, description: 'A request with the new key; absent: the same key' }) csr?: string;
}

export class Revocation {
  @Choice(finalReasons, { description: 'Reason by its name in RFC 5280 §5.3.1', example: 'superseded' })
  reason: FinalReason;
}

export class AuthorityRevocation {
  @Choice(finalReasons, {
    optional: true,
    default: 'cessationOfOperation',
    description: 'Reason by its name in RFC 5280 §5.3.1',
    example: 'cACompromise',
  })
  reason?: FinalReason;
}

const filterFields = { optional: true } as const;

/** A certificate must match all given filters. */
export class CertificateFilterQuery {
  @Choice(certificateLifecycle.states, { ...filterFields, description: 'The effective state', example: 'active' })
  state?: CertificateState;

  @Identifier({ ...filterFields, description: 'Only those issued by this authority' }) caId?: string;
  @Identifier({ ...filterFields, description: 'Only those of this service' }) serviceId?: string;
  @Kid({ ...filterFields }) kid?: string;

  @Text({
    max: 512,
    ...filterFields,
    description: 'Beginning of the common name, or of the whole subject if it contains `=`',
    example: 'My Awesome',
  })
  subject?: string;

  @Text({ max: 255, ...filterFields, description: 'A complete alternative name', example: 'client.example.com' })
  san?: string;

  @Text({
    max: 80,
    pattern: /^[0-9A-Fa-f:]+$/,
    ...filterFields,
    description: 'Hexadecimal, with or without colons',
    example: SERIAL_EXAMPLE,
  })
  serialNumber?: string;

  @Owner() owner?: string;
  @Instant({ ...filterFields, description: 'Only those that expire before this time' }) expiresBefore?: number;
  @Instant({ ...filterFields, description: 'Only those that expire after this time' }) expiresAfter?: number;
}

export class CertificateQuery extends CertificateFilterQuery {
  @PageLimit() limit?: number;
  @PageCursor() cursor?: string;
}

export class CertificateFormatQuery {
  @Choice(['pem', 'der', 'pkcs7'], {
    optional: true,
    default: 'pem',
    description: 'PEM or DER of the certificate alone, or PKCS#7 with its issuers (DER)',
  })
  format?: 'pem' | 'der' | 'pkcs7';
}

export class BundleRequest {
  @Identifier({ description: "The tenant's exportable key that the certificate belongs to" }) keyId: string;

  @Text({
    min: 8,
    max: 1_024,
    description: 'Passphrase that encrypts the bundle',
    example: 'correct horse battery staple',
  })
  passphrase: string;
}

/** The fields that the source system's clients read come first. */
export class Certificate {
  @Kid() kid: string;
  @Pem({ nullable: true, description: 'The certificate in PEM; null during issuance', example: CERTIFICATE_EXAMPLE })
  certificate: string | null;
  @Text({ description: 'Hexadecimal', example: SERIAL_EXAMPLE }) serialNumber: string;
  @Text({ description: 'RFC 4514', example: 'CN=My Awesome Reseller' }) subject: string;
  @Text({ description: 'RFC 4514', example: 'CN=Example Issuing CA,O=Example Ltd,C=DE' }) issuer: string;
  @Items(Text({ max: 255 }), { maxItems: NAMES_MAX, description: 'Alternative names', example: ['client.example.com'] })
  san: string[];
  @Instant({ description: 'Start of the validity' }) notBefore: Rfc3339;
  @Instant({ description: 'End of the validity', example: '2027-01-01T00:00:00.000Z' }) notAfter: Rfc3339;
  @Choice(certificateLifecycle.states, { description: 'Only `active` certificates are valid', example: 'active' })
  state: CertificateState;
  @Identifier({ description: 'Id of the issuing authority' }) caId: string;
  @Identifier({ nullable: true, description: 'The service that it belongs to' }) serviceId: string | null;
  @Contacts({
    description: 'E-mail addresses that receive notices about it; if empty, the contacts of its service receive them',
  })
  contacts: string[];
  @Text({ description: 'Type of its key', example: 'RSA-2048' }) keyAlgorithm: string;
  @Text({
    description: 'SHA-256 of its public key (SubjectPublicKeyInfo), hexadecimal',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  publicKeyHash: string;
  @Kid({ nullable: true, description: 'The certificate that it replaces' }) replaces: string | null;
  @Kid({ nullable: true, description: 'Its successor' }) replacedBy: string | null;
  @Choice(revocationReasons, { nullable: true, description: 'Revocation reason', example: 'superseded' })
  revocationReason: RevocationReason | null;
  @Instant({ nullable: true, description: 'When it was revoked' }) revokedAt: Rfc3339 | null;
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was issued' }) createdAt: Rfc3339;
  @Instant({ description: 'When it last changed' }) updatedAt: Rfc3339;
}

export class CertificateWithChain extends Certificate {
  @Pem({ description: 'PEM of its issuers, nearest first', example: CERTIFICATE_EXAMPLE }) chain: string;
}

export class IgnoredPartField {
  @Choice(IGNORED_PART_KINDS, { description: 'Kind of the part', example: 'extension' }) kind: IgnoredPart['kind'];
  @Text({ description: 'Object identifier, or the name of the key usage', example: '1.3.6.1.5.5.7.1.24' }) id: string;
  @Text({ nullable: true, description: 'Its name, if known', example: 'tlsFeature' })
  name: string | null;
}

/** A newly issued certificate. */
export class NewlyIssuedCertificate extends CertificateWithChain {
  @Items(Nested(() => IgnoredPartField), {
    maxItems: IGNORED_MAX,
    description: 'Parts of the request that are not in the certificate',
  })
  ignored: IgnoredPartField[];
}

export class CertificatePage extends PageOf(Certificate) {}

class RevocationOutcome {
  @Choice(certificateLifecycle.states, { description: 'State afterwards', example: 'revoked' }) state: CertificateState;
  @Items(Kid(), {
    optional: true,
    maxItems: CERTIFICATES_SHOWN_MAX,
    description: 'With `keyCompromise`: the other certificates of the same key, which would also be revoked',
    example: [KID_EXAMPLE],
  })
  alsoRevoked?: readonly string[];
  @Items(Identifier(), {
    optional: true,
    maxItems: CERTIFICATES_SHOWN_MAX,
    description:
      'With `keyCompromise`: the authorities with the same key, and those below them, which would be revoked ' +
      'together with their certificates',
    example: ['0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47'],
  })
  authorities?: readonly string[];
  @Items(Kid(), {
    optional: true,
    maxItems: CERTIFICATES_SHOWN_MAX,
    description:
      'With `keyCompromise`: the versions of signing keys with the same key, which would be marked as compromised',
    example: [KID_EXAMPLE],
  })
  keyVersions?: readonly string[];
}

export class RevocationDryRun {
  @Flag({ description: 'Whether the action is allowed' }) allowed: boolean;
  @Text({ optional: true, description: 'Code of the rejection', example: 'WRONG_STATE' }) code?: string;
  @Nested(() => RevocationOutcome, { description: 'The state afterwards' }) impact: RevocationOutcome;
}

export function presentRevocationDryRun(foreseen: Foreseen): RevocationDryRun {
  const { state, alsoRevoked, authorities, keyVersions, ...outcome } = foreseen;
  const named = Object.entries({ alsoRevoked, authorities, keyVersions }).flatMap(([what, names = []]) =>
    names.length > 0 ? [[what, names.slice(0, CERTIFICATES_SHOWN_MAX)] as const] : [],
  );
  return { ...outcome, impact: { state, ...Object.fromEntries(named) } };
}

export const presentCertificate = ({ certificate: row, state }: EffectiveCertificate): Certificate =>
  present(Certificate, { ...row, certificate: row.certificatePem, state, contacts: row.contacts ?? [] });

/** A newly issued certificate, which is active. */
export const presentIssued = ({ ignored, ...issued }: IssuedCertificate): NewlyIssuedCertificate => ({
  ...presentWithChain({ ...issued, state: 'active' }),
  ignored: ignored.slice(0, IGNORED_MAX).map((part) => ({ ...part })),
});

export const presentWithChain = (found: Found): CertificateWithChain => {
  const { kid, certificate, ...others } = presentCertificate(found);
  return { kid, certificate, chain: found.chain, ...others };
};
