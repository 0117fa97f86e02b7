import { hash } from 'node:crypto';
import type { EpochMilliseconds } from '#core';
import type { Parsed, SigningHalf } from '#crypto';
import {
  DerError,
  DerFields,
  type DerNode,
  OID,
  TAG,
  element,
  enumerated,
  expectTag,
  explicit,
  generalizedTime,
  implicit,
  integerOctets,
  objectIdentifier,
  octetString,
  onlyChild,
  parseDer,
  readInteger,
  readObjectIdentifier,
  sequence,
} from '#asn1';
import { type ParsedCertificate, serialNumberText } from './certificate.js';
import { readExtensions } from './extensions.js';
import { encodeExtension } from './names.js';
import { keyIdentifier, publicKeyBits } from './public-key.js';
import { REVOCATION_REASONS, type RevocationReason } from './reasons.js';
import { signStructure } from './signature-algorithms.js';

/** What a CertID may be made with; its strength is of no matter, for it only names a certificate (RFC 6960 §4.3). */
const HASHES = {
  [OID.sha1]: 'sha1',
  [OID.sha256]: 'sha256',
  [OID.sha384]: 'sha384',
  [OID.sha512]: 'sha512',
} as const;
type OcspHash = (typeof HASHES)[keyof typeof HASHES];

/** CertID (RFC 6960 §4.1.1): which certificate is asked about. */
export interface CertificateId {
  /** As it stood in the request; the answer repeats it byte for byte. */
  readonly der: Buffer;
  /** `undefined` for an algorithm that no issuer is looked up by. */
  readonly hash: OcspHash | undefined;
  readonly issuerNameHash: Buffer;
  readonly issuerKeyHash: Buffer;
  /** Hex, as certificates of ours are stored. */
  readonly serialNumber: string;
}

export interface OcspRequest {
  readonly certificateIds: readonly CertificateId[];
  readonly nonce?: Buffer;
}

const OCSP_REQUEST_BYTES_MAX = 4_096;
const CERTIFICATE_IDS_MAX = 20;
/** RFC 9654 §2.1. */
const NONCE_BYTES_MAX = 128;

/**
 * Reads an OCSPRequest (RFC 6960 §4.1) of at most 4 KiB that asks about 1 to 20 certificates. A signature of the requester
 * is permitted and not looked at. Never throws; a refusal is answered with `ocspError('malformedRequest')`.
 */
export function parseOcspRequest(der: Buffer): Parsed<OcspRequest, 'MALFORMED_REQUEST'> {
  try {
    return { ok: true, value: readRequest(der) };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return { ok: false, reason: 'MALFORMED_REQUEST', detail: error.message };
  }
}

/**
 * The DER of a request that came by GET (RFC 6960 §A.1): the rest of the path, percent-encoded or not. `undefined` where it
 * is too long or is no Base64. What clients and proxies make of Base64 is read, for it is clear what they mean: a slash
 * before it (of an address that ends in one), a space for a plus, the alphabet of base64url, no padding. No DER begins
 * with the digit `/`.
 */
export function ocspRequestFromPath(path: string): Buffer | undefined {
  if (path.length > OCSP_REQUEST_BYTES_MAX * 2) return undefined;
  let base64: string;
  try {
    base64 = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  base64 = base64.replace(/^\/+/, '').replaceAll(/[ -]/g, '+').replaceAll('_', '/');
  const bytes = Buffer.from(base64, 'base64');
  const canonical = bytes.toString('base64');
  return bytes.length > 0 && [canonical, canonical.replace(/=+$/, '')].includes(base64) ? bytes : undefined;
}

function readRequest(der: Buffer): OcspRequest {
  const outer = DerFields.of(parseDer(der, { maxBytes: OCSP_REQUEST_BYTES_MAX, maxDepth: 32 }));
  const fields = DerFields.of(outer.take());
  outer.optional(0xa0);
  outer.end();
  const version = fields.optional(0xa0);
  if (version && readInteger(onlyChild(version)) !== 0n) throw new DerError('Not a request of version 1');
  fields.optional(0xa1);
  const { children: requests } = expectTag(fields.take(), TAG.sequence);
  const extensionList = fields.optional(0xa2);
  fields.end();
  if (requests.length === 0 || requests.length > CERTIFICATE_IDS_MAX)
    throw new DerError(`A request asks about 1 to ${CERTIFICATE_IDS_MAX} certificates`);
  const nonce = extensionList && nonceOf(onlyChild(extensionList));
  return { certificateIds: requests.map(readSingleRequest), ...(nonce && { nonce }) };
}

function readSingleRequest(node: DerNode): CertificateId {
  const request = DerFields.of(node);
  const id = request.take();
  request.optional(0xa0);
  request.end();
  const fields = DerFields.of(id);
  const oid = readObjectIdentifier(DerFields.of(fields.take()).take());
  const issuerNameHash = fields.take(TAG.octetString).content;
  const issuerKeyHash = fields.take(TAG.octetString).content;
  const serialNumber = serialNumberText(integerOctets(fields.take()));
  fields.end();
  const algorithm = Object.hasOwn(HASHES, oid) ? HASHES[oid as keyof typeof HASHES] : undefined;
  return { der: id.raw, hash: algorithm, issuerNameHash, issuerKeyHash, serialNumber };
}

function nonceOf(node: DerNode): Buffer | undefined {
  const nonces = readExtensions(node).filter(({ oid }) => oid === OID.ocspNonce);
  const [extension] = nonces;
  if (!extension) return undefined;
  const { content } = expectTag(parseDer(extension.value), TAG.octetString);
  if (nonces.length > 1 || content.length === 0 || content.length > NONCE_BYTES_MAX)
    throw new DerError(`A nonce has 1 to ${NONCE_BYTES_MAX} octets (RFC 9654 §2.1)`);
  return content;
}

/** By what a CertID names an issuer; computed once for each authority. */
export type IssuerHashes = Readonly<Record<OcspHash, { readonly name: Buffer; readonly key: Buffer }>>;

/** @param authority the certificate of the authority that issued what is asked about */
export function issuerHashes({
  subjectName,
  publicKeyInfo,
}: Pick<ParsedCertificate, 'subjectName' | 'publicKeyInfo'>): IssuerHashes {
  const bits = publicKeyBits(publicKeyInfo);
  const both = (algorithm: OcspHash) => ({
    name: hash(algorithm, subjectName, 'buffer'),
    key: hash(algorithm, bits, 'buffer'),
  });
  return { sha1: both('sha1'), sha256: both('sha256'), sha384: both('sha384'), sha512: both('sha512') };
}

/** Whether a CertID names this issuer; both hashes must agree. */
export function namesIssuer(id: CertificateId, hashes: IssuerHashes): boolean {
  if (!id.hash) return false;
  const { name, key } = hashes[id.hash];
  return id.issuerNameHash.equals(name) && id.issuerKeyHash.equals(key);
}

/** RFC 6960 §4.2.1; the statuses that carry no signed answer. */
const ERROR_STATUSES = { malformedRequest: 1, internalError: 2, tryLater: 3, sigRequired: 5, unauthorized: 6 } as const;
type OcspErrorStatus = keyof typeof ERROR_STATUSES;

export const ocspError = (status: OcspErrorStatus): Buffer => sequence(enumerated(ERROR_STATUSES[status]));

export type CertificateStatus =
  | { readonly status: 'good' | 'unknown' }
  | { readonly status: 'revoked'; readonly revokedAt: EpochMilliseconds; readonly reason: RevocationReason };

export interface OcspAnswer {
  readonly certificateId: CertificateId;
  readonly status: CertificateStatus;
}

interface OcspResponseContent {
  readonly answers: readonly OcspAnswer[];
  readonly thisUpdate: EpochMilliseconds;
  readonly nextUpdate: EpochMilliseconds;
  readonly producedAt: EpochMilliseconds;
  /** Of the request; repeated in the answer. */
  readonly nonce?: Buffer | undefined;
  /** The delegated signer, or the authority itself, which needs no certificate in the answer. */
  readonly signerPublicKeyInfo: Buffer;
  /** DER of the delegated signer's certificate (RFC 6960 §4.2.2.2). */
  readonly signerCertificate?: Buffer;
}

/** A successful OCSPResponse with its signed BasicOCSPResponse (RFC 6960 §4.2.1). */
export async function signOcspResponse(content: OcspResponseContent, signerKey: SigningHalf): Promise<Buffer> {
  const { nonce, signerCertificate } = content;
  const responseData = sequence(
    explicit(2, octetString(keyIdentifier(content.signerPublicKeyInfo))),
    generalizedTime(content.producedAt),
    sequence(...content.answers.map((answer) => singleResponse(answer, content))),
    ...(nonce ? [explicit(1, sequence(encodeExtension(OID.ocspNonce, false, octetString(nonce))))] : []),
  );
  const certificates = signerCertificate ? [explicit(0, sequence(signerCertificate))] : [];
  const basicResponse = await signStructure(responseData, signerKey, ...certificates);
  const SUCCESSFUL = 0;
  return sequence(
    enumerated(SUCCESSFUL),
    explicit(0, sequence(objectIdentifier(OID.ocspBasic), octetString(basicResponse))),
  );
}

const singleResponse = ({ certificateId, status }: OcspAnswer, content: OcspResponseContent): Buffer =>
  sequence(
    certificateId.der,
    certificateStatus(status),
    generalizedTime(content.thisUpdate),
    explicit(0, generalizedTime(content.nextUpdate)),
  );

function certificateStatus(status: CertificateStatus): Buffer {
  if (status.status === 'revoked') {
    const reason = status.reason === 'unspecified' ? [] : [explicit(0, enumerated(REVOCATION_REASONS[status.reason]))];
    return element(0xa1, generalizedTime(status.revokedAt), ...reason);
  }
  return implicit(status.status === 'good' ? 0 : 2, Buffer.alloc(0));
}
