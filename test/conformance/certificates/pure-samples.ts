import { type KeyObject, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { OID } from '#asn1';
import {
  type CertificateContent,
  type CertificateProfile,
  type DistinguishedName,
  type GeneralName,
  NAME_POLICY_DEFAULT,
  type NamePolicy,
  type ParsedCertificate,
  type PolicyFacts,
  type Validity,
  authorityProfile,
  buildTbsCertificate,
  issuerOf,
  leafProfile,
  parseCertificate,
  parseCertificateRequest,
  randomSerialNumber,
  selfIssuer,
  signCertificate,
  signatureAlgorithmFor,
  validityFrom,
} from '#pki';
import * as der from '../../support/asn1.js';

/** A certificate with its private key, where the test has it. */
export interface Holder {
  readonly certificate: ParsedCertificate;
  readonly key: KeyObject;
}

export const spkiOf = (key: KeyObject): Buffer =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });

export const keys = {
  p256: (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
  p384: (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey,
  ed25519: (): KeyObject => generateKeyPairSync('ed25519').privateKey,
  rsa: (modulusLength = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey,
};

export const commonName = (value: string): DistinguishedName => [{ type: 'commonName', value }];

export function parsed(certificate: Buffer): ParsedCertificate {
  const result = parseCertificate(certificate);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
}

export async function makeRoot(
  now: number,
  key: KeyObject,
  profile: CertificateProfile = authorityProfile(),
): Promise<Holder> {
  const subject: DistinguishedName = [{ type: 'organizationName', value: 'Ärger & Söhne' }, ...commonName('Root')];
  const tbs = buildTbsCertificate({
    profile,
    serialNumber: randomSerialNumber(),
    subject,
    issuer: selfIssuer(subject, spkiOf(key), signatureAlgorithmFor(key)),
    publicKeyInfo: spkiOf(key),
    ...validityFrom(now, profile.validityDays),
  });
  return { certificate: parsed(await signCertificate(tbs, key)), key };
}

/** Whatever the certificate shall say; the rest is that of an ordinary leaf. */
export type Wishes = Partial<Omit<CertificateContent, keyof Validity | 'issuer'>> & Partial<Validity>;

export function tbsBelow(issuer: Holder, now: number, publicKey: KeyObject, wishes: Wishes = {}): Buffer {
  const profile = wishes.profile ?? leafProfile();
  return buildTbsCertificate({
    profile,
    serialNumber: randomSerialNumber(),
    subject: commonName('Leaf'),
    issuer: issuerOf(issuer.certificate, issuer.key),
    publicKeyInfo: spkiOf(publicKey),
    ...validityFrom(now, profile.validityDays, issuer.certificate),
    ...wishes,
  });
}

export async function makeBelow(issuer: Holder, now: number, key: KeyObject, wishes: Wishes = {}): Promise<Holder> {
  return { certificate: parsed(await signCertificate(tbsBelow(issuer, now, key, wishes), issuer.key)), key };
}

/** What a request shall say, in DER where the product itself would not write it. */
export interface RequestWishes {
  readonly key: KeyObject;
  readonly subject?: Buffer;
  /** Instead of the public half of `key`. */
  readonly publicKeyInfo?: Buffer;
  readonly extensions?: readonly Buffer[];
  /** Of the attribute with the extensions; default: that of RFC 2985. */
  readonly extensionRequest?: string;
  /** Further attributes. */
  readonly attributes?: readonly Buffer[];
  readonly digest?: 'sha1' | 'md5' | 'sha256' | 'sha384';
  readonly spoilSignature?: boolean;
}

const RSA_OIDS = { sha1: OID.sha1WithRsa, md5: OID.md5WithRsa, sha256: OID.sha256WithRsa, sha384: OID.sha384WithRsa };
const EC_OIDS = {
  sha1: OID.ecdsaWithSha1,
  md5: OID.ecdsaWithSha1,
  sha256: OID.ecdsaWithSha256,
  sha384: OID.ecdsaWithSha384,
};

function signatureOid({ asymmetricKeyType }: KeyObject, digest: NonNullable<RequestWishes['digest']>): string {
  if (asymmetricKeyType === 'ed25519') return OID.ed25519;
  return (asymmetricKeyType === 'rsa' ? RSA_OIDS : EC_OIDS)[digest];
}

/** PKCS#10 DER, however hostile. */
export function makeRequest(wishes: RequestWishes): Buffer {
  const { key, extensions = [], digest = 'sha256', extensionRequest = OID.extensionRequest } = wishes;
  const attributes = [
    ...(extensions.length === 0
      ? []
      : [der.sequence(der.objectIdentifier(extensionRequest), der.set(der.sequence(...extensions)))]),
    ...(wishes.attributes ?? []),
  ];
  const info = der.sequence(
    der.integer(0),
    wishes.subject ?? der.commonName('My Awesome Reseller'),
    wishes.publicKeyInfo ?? spkiOf(key),
    der.element(0xa0, ...attributes),
  );
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : digest, info, key);
  if (wishes.spoilSignature) signature[signature.length - 1]! ^= 1;
  const parameters = key.asymmetricKeyType === 'rsa' ? [der.nullValue()] : [];
  return der.sequence(
    info,
    der.sequence(der.objectIdentifier(signatureOid(key, digest)), ...parameters),
    der.bitString(signature),
  );
}

export const extension = der.extension;

/** A name of any attributes and string types. */
export const rawName = der.name;

export const sanExtension = (...names: readonly Buffer[]): Buffer =>
  extension(OID.subjectAlternativeName, false, der.sequence(...names));

export const rsaPublicKeyInfo = (modulus: bigint, exponent: bigint): Buffer =>
  der.sequence(
    der.sequence(der.objectIdentifier(OID.rsaEncryption), der.nullValue()),
    der.bitString(der.sequence(der.integer(modulus), der.integer(exponent))),
  );

/** The facts of an unsuspicious request, but for what the test changes. */
export function factsOf(
  csr: Buffer | string,
  changes: Partial<Omit<PolicyFacts, 'request' | 'policy' | 'keyStatus'>> & {
    readonly policy?: Partial<NamePolicy>;
    readonly keyStatus?: Partial<PolicyFacts['keyStatus']>;
  } = {},
): PolicyFacts {
  const request = parseCertificateRequest(csr);
  if (!request.ok) throw new Error(request.detail);
  return {
    request: request.value,
    additionalNames: [],
    extendedKeyUsage: ['clientAuth'],
    foreignNames: [],
    allowedDnsNames: ['*.acme.example'],
    nameConstraints: [],
    ...changes,
    policy: { ...NAME_POLICY_DEFAULT, ...changes.policy },
    keyStatus: {
      ofAuthority: false,
      ofAnotherTenant: false,
      compromised: false,
      inUse: false,
      ...changes.keyStatus,
    },
  };
}

export const dns = (value: string): GeneralName => ({ kind: 'dns', value });
