import {
  DerError,
  DerFields,
  type DerNode,
  EXTENDED_KEY_USAGES,
  type ExtendedKeyUsage,
  KEY_USAGES,
  type KeyUsage,
  OID,
  TAG,
  boolean,
  expectTag,
  explicit,
  implicit,
  integer,
  namedBits,
  objectIdentifier,
  octetString,
  onlyChild,
  parseDer,
  readBoolean,
  readInteger,
  readNamedBits,
  readObjectIdentifier,
  sequence,
} from '#asn1';
import {
  type GeneralName,
  distributionPointName,
  encodeExtension,
  encodeGeneralName,
  encodeGeneralNames,
  readGeneralName,
} from './names.js';

/** RFC 5280 §4.2.1.10. A `dns` or `email` value is a domain, an `ip` value a range such as `192.0.2.0/24`. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

export interface BasicConstraints {
  readonly ca: boolean;
  /** How many more authorities may follow below this one. */
  readonly pathLength?: number;
}

/** Where a relying party finds the issuer's certificate, its CRL and its OCSP responder. */
export interface StatusUrls {
  readonly caIssuers?: string;
  readonly ocsp?: string;
  readonly crl?: string;
}

/** Writes each extension as RFC 5280 §4.2 wants it, `critical` included. */
export const writeExtension = {
  basicConstraints: ({ ca, pathLength }: BasicConstraints): Buffer =>
    encodeExtension(
      OID.basicConstraints,
      true,
      sequence(...(ca ? [boolean(true)] : []), ...(ca && pathLength !== undefined ? [integer(pathLength)] : [])),
    ),
  keyUsage: (usages: readonly KeyUsage[]): Buffer =>
    encodeExtension(OID.keyUsage, true, namedBits(usages.map((usage) => KEY_USAGES.indexOf(usage)))),
  extendedKeyUsage: (usages: readonly ExtendedKeyUsage[]): Buffer =>
    encodeExtension(
      OID.extendedKeyUsage,
      false,
      sequence(...usages.map((usage) => objectIdentifier(EXTENDED_KEY_USAGES[usage]))),
    ),
  subjectKeyIdentifier: (identifier: Buffer): Buffer =>
    encodeExtension(OID.subjectKeyIdentifier, false, octetString(identifier)),
  authorityKeyIdentifier: (identifier: Buffer): Buffer =>
    encodeExtension(OID.authorityKeyIdentifier, false, sequence(implicit(0, identifier))),
  subjectAlternativeName: (names: readonly GeneralName[], critical: boolean): Buffer =>
    encodeExtension(OID.subjectAlternativeName, critical, encodeGeneralNames(names)),
  nameConstraints: ({ permitted, excluded }: NameConstraints): Buffer =>
    encodeExtension(OID.nameConstraints, true, sequence(...subtrees(0, permitted), ...subtrees(1, excluded))),
  crlDistributionPoints: (uri: string): Buffer =>
    encodeExtension(OID.crlDistributionPoints, false, sequence(sequence(distributionPointName(uri)))),
  authorityInformationAccess: ({ ocsp, caIssuers }: StatusUrls): Buffer =>
    encodeExtension(
      OID.authorityInformationAccess,
      false,
      sequence(...accessDescription(OID.ocspAccess, ocsp), ...accessDescription(OID.caIssuersAccess, caIssuers)),
    ),
  ocspNoCheck: (): Buffer => encodeExtension(OID.ocspNoCheck, false, Buffer.of(TAG.null, 0)),
} as const;

const subtrees = (tag: number, names: readonly GeneralName[]): Buffer[] =>
  names.length === 0 ? [] : [explicit(tag, ...names.map((name) => sequence(encodeGeneralName(name))))];

const accessDescription = (method: string, uri: string | undefined): Buffer[] =>
  uri === undefined ? [] : [sequence(objectIdentifier(method), encodeGeneralName({ kind: 'uri', value: uri }))];

/** An extension as it was read; what `value` means depends on `oid`. */
export interface ReadExtension {
  readonly oid: string;
  readonly critical: boolean;
  /** The content of extnValue. */
  readonly value: Buffer;
}

const EXTENSIONS_MAX = 64;

/** @throws DerError */
export function readExtensions(node: DerNode): ReadExtension[] {
  const { children } = expectTag(node, TAG.sequence);
  if (children.length > EXTENSIONS_MAX) throw new DerError('Too many extensions');
  return children.map((child) => {
    const fields = DerFields.of(child);
    const oid = readObjectIdentifier(fields.take());
    const critical = fields.optional(TAG.boolean);
    const { content } = fields.take(TAG.octetString);
    fields.end();
    return { oid, critical: critical !== undefined && readBoolean(critical), value: content };
  });
}

/** The inverse of `writeExtension`: each takes extnValue. @throws DerError */
export const readExtension = {
  basicConstraints(value: Buffer): BasicConstraints {
    const fields = DerFields.of(parseDer(value));
    const flag = fields.optional(TAG.boolean);
    const length = fields.optional(TAG.integer);
    fields.end();
    const pathLength = length && Number(readInteger(length));
    if (pathLength !== undefined && (pathLength < 0 || pathLength > 255)) throw new DerError('No path length');
    return { ca: flag !== undefined && readBoolean(flag), ...(pathLength === undefined ? {} : { pathLength }) };
  },
  keyUsage: (value: Buffer): KeyUsage[] =>
    readNamedBits(parseDer(value)).map((bit) => {
      const usage = KEY_USAGES[bit];
      if (!usage) throw new DerError('No such key usage');
      return usage;
    }),
  /** Dotted identifiers: a request may ask for a usage that has no name here. */
  extendedKeyUsage: (value: Buffer): string[] =>
    expectTag(parseDer(value), TAG.sequence).children.map(readObjectIdentifier),
  subjectKeyIdentifier: (value: Buffer): Buffer => expectTag(parseDer(value), TAG.octetString).content,
  authorityKeyIdentifier: (value: Buffer): Buffer | undefined => DerFields.of(parseDer(value)).optional(0x80)?.content,
  crlDistributionPoints: (value: Buffer): string[] =>
    expectTag(parseDer(value), TAG.sequence).children.flatMap((point) => {
      const name = DerFields.of(point).optional(0xa0);
      return name && onlyChild(name).tag === 0xa0 ? uris(onlyChild(name).children) : [];
    }),
  authorityInformationAccess(value: Buffer): { method: string; location: GeneralName }[] {
    return expectTag(parseDer(value), TAG.sequence).children.map((description) => {
      const fields = DerFields.of(description);
      return { method: readObjectIdentifier(fields.take()), location: readGeneralName(fields.take()) };
    });
  },
  nameConstraints(value: Buffer): NameConstraints {
    const fields = DerFields.of(parseDer(value));
    const names = (node: DerNode | undefined): GeneralName[] =>
      (node?.children ?? []).map((subtree) => readGeneralName(DerFields.of(subtree).take()));
    return { permitted: names(fields.optional(0xa0)), excluded: names(fields.optional(0xa1)) };
  },
} as const;

const uris = (nodes: readonly DerNode[]): string[] =>
  nodes.map(readGeneralName).flatMap(({ kind, value }) => (kind === 'uri' ? [value] : []));
