import { type KeyObject, verify } from 'node:crypto';
import type { Parsed, PublicKeyFacts } from '#crypto';
import {
  DER_LIMITS,
  DerError,
  DerFields,
  type DerNode,
  type KeyUsage,
  OID,
  TAG,
  expectTag,
  fromPem,
  parseDer,
  readBitString,
  readInteger,
  readObjectIdentifier,
} from '#asn1';
import { type ReadExtension, readExtension, readExtensions } from './extensions.js';
import { type GeneralName, type ReadAttribute, readGeneralNames, readName } from './names.js';
import { importPublicKey, readPublicKey } from './public-key.js';
import { type SignatureAlgorithm, signatureAlgorithmByOid } from './signature-algorithms.js';

const CSR_BYTES_MAX = DER_LIMITS.maxBytes;
/** PEM is a third larger than what it encodes. */
const CSR_TEXT_MAX = 24 * 1024;

type CsrRefusalReason = 'TOO_LARGE' | 'NOT_PEM' | 'NOT_PKCS10';

/** A PKCS#10 request (RFC 2986) as it was read. Nothing in it is trusted yet, not even its signature. */
export interface CertificateRequest {
  readonly der: Buffer;
  /** CertificationRequestInfo, which the signature covers. */
  readonly signedBytes: Buffer;
  readonly signatureOid: string;
  /** Absent where the product does not know the algorithm. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly signature: Buffer;
  readonly publicKeyInfo: Buffer;
  readonly publicKey: PublicKeyFacts;
  /** Absent where the key is unsupported, is no point of its curve, or is too large to be used. */
  readonly verifyingKey: KeyObject | undefined;
  readonly subject: readonly ReadAttribute[];
  readonly subjectAlternativeNames: readonly GeneralName[];
  readonly requestedExtensions: readonly ReadExtension[];
  /** Dotted identifiers of the attributes that request no extensions. */
  readonly otherAttributes: readonly string[];
  readonly requestsAuthority: boolean;
  readonly requestedKeyUsage: readonly KeyUsage[];
  /** Dotted identifiers. */
  readonly requestedExtendedKeyUsage: readonly string[];
}

/**
 * Reads a request of at most 16 KiB: PEM, DER, or the Base64 of DER. The work is bounded by the size, the depth by 32.
 * Never throws; a refusal is the `INVALID_CSR` of the API.
 */
export function parseCertificateRequest(input: string | Buffer): Parsed<CertificateRequest, CsrRefusalReason> {
  if (input.length > CSR_TEXT_MAX || (typeof input !== 'string' && input.length > CSR_BYTES_MAX))
    return refuse('TOO_LARGE', `A certificate request has at most ${CSR_BYTES_MAX} bytes`);
  const der = typeof input === 'string' ? bytesOfText(input) : input;
  if (!der) return refuse('NOT_PEM', 'The text is not one CERTIFICATE REQUEST block (RFC 7468 §6)');
  if (der.length > CSR_BYTES_MAX)
    return refuse('TOO_LARGE', `A certificate request has at most ${CSR_BYTES_MAX} bytes`);
  try {
    return { ok: true, value: readRequest(der) };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return refuse('NOT_PKCS10', `Not a PKCS#10 request (RFC 2986): ${error.message}`);
  }
}

const refuse = (reason: CsrRefusalReason, detail: string): Parsed<CertificateRequest, CsrRefusalReason> => ({
  ok: false,
  reason,
  detail,
});

function bytesOfText(text: string): Buffer | undefined {
  if (text.includes('-----')) return fromPem(text, ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']);
  const base64 = text.replace(/\s/g, '');
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === base64 ? bytes : undefined;
}

function readRequest(der: Buffer): CertificateRequest {
  const outer = DerFields.of(parseDer(der));
  const info = outer.take();
  const algorithm = DerFields.of(outer.take());
  const signature = readBitString(outer.take());
  outer.end();

  const fields = DerFields.of(info);
  if (readInteger(fields.take()) !== 0n) throw new DerError('Its version is not 0');
  const subject = readName(fields.take());
  const publicKeyInfo = fields.take();
  // RFC 2986 §4.1 wants the attributes even where there are none; many tools leave them out.
  const attributes = fields.optional(0xa0)?.children ?? [];
  fields.end();

  if (attributes.length > ATTRIBUTES_MAX) throw new DerError('Too many attributes');
  const publicKey = readPublicKey(publicKeyInfo);
  const read = attributes.map(readAttribute);
  const requestedExtensions = read.flatMap(({ extensions }) => extensions);
  const signatureOid = readObjectIdentifier(algorithm.take());
  return {
    der,
    signedBytes: info.raw,
    signatureOid,
    signatureAlgorithm: signatureAlgorithmByOid(signatureOid),
    signature,
    publicKeyInfo: publicKeyInfo.raw,
    publicKey,
    verifyingKey: importPublicKey(publicKey),
    subject,
    requestedExtensions,
    otherAttributes: read.filter(({ type }) => !EXTENSION_REQUESTS.has(type)).map(({ type }) => type),
    ...wishes(requestedExtensions),
  };
}

const ATTRIBUTES_MAX = 64;

/** RFC 2985 §5.4.2, and the attribute that Microsoft had for the same before. */
const EXTENSION_REQUESTS: ReadonlySet<string> = new Set([OID.extensionRequest, OID.microsoftExtensionRequest]);

/** An attribute with the extensions that the requester would like. Others, such as a challenge password, are not ours. */
function readAttribute(attribute: DerNode): { readonly type: string; readonly extensions: readonly ReadExtension[] } {
  const fields = DerFields.of(attribute);
  const type = readObjectIdentifier(fields.take());
  const values = expectTag(fields.take(), TAG.set).children;
  fields.end();
  return { type, extensions: EXTENSION_REQUESTS.has(type) ? values.flatMap(readExtensions) : [] };
}

/** What the known extensions ask for. Each occurrence counts, so that no duplicate is overlooked. */
function wishes(extensions: readonly ReadExtension[]) {
  const read = <Value>(oid: string, reader: (value: Buffer) => Value): Value[] =>
    extensions.filter((extension) => extension.oid === oid).map(({ value }) => reader(value));
  return {
    subjectAlternativeNames: read(OID.subjectAlternativeName, (value) => readGeneralNames(parseDer(value))).flat(),
    requestsAuthority: read(OID.basicConstraints, readExtension.basicConstraints).some(({ ca }) => ca),
    requestedKeyUsage: read(OID.keyUsage, readExtension.keyUsage).flat(),
    requestedExtendedKeyUsage: read(OID.extendedKeyUsage, readExtension.extendedKeyUsage).flat(),
  };
}

/**
 * Whether the requester holds the private key (RFC 2986 §3): the request is signed with it. `false` also where the
 * algorithm does not belong to the key; SHA-1 and MD5 are refused by a rule of their own and verify nothing here.
 */
export function provesPossession(request: CertificateRequest): boolean {
  const { signatureAlgorithm: algorithm, verifyingKey, signedBytes, signature } = request;
  if (!algorithm || !verifyingKey || algorithm.keyKind !== request.publicKey.kind) return false;
  if (algorithm.digest === 'md5' || algorithm.digest === 'sha1') return false;
  try {
    return verify(algorithm.digest, signedBytes, verifyingKey, signature);
  } catch {
    return false;
  }
}
