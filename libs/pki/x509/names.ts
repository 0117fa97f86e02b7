import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import {
  DerError,
  DerFields,
  type DerNode,
  TAG,
  element,
  expectTag,
  explicit,
  ia5String,
  implicit,
  isString,
  objectIdentifier,
  octetString,
  onlyChild,
  printableString,
  readObjectIdentifier,
  readString,
  sequence,
  set,
  utf8String,
} from '#asn1';

interface AttributeType {
  readonly oid: string;
  /** RFC 4514 §3 */
  readonly short: string;
  readonly encode: (value: string) => Buffer;
  /** Upper bound of RFC 5280 appendix A, in characters. */
  readonly maxLength: number;
}

/** The attributes that this product writes and names; others are known by their dotted identifier. */
export const NAME_ATTRIBUTES = {
  commonName: { oid: '2.5.4.3', short: 'CN', encode: utf8String, maxLength: 64 },
  surname: { oid: '2.5.4.4', short: 'SN', encode: utf8String, maxLength: 64 },
  serialNumber: { oid: '2.5.4.5', short: 'serialNumber', encode: printableString, maxLength: 64 },
  countryName: { oid: '2.5.4.6', short: 'C', encode: printableString, maxLength: 2 },
  localityName: { oid: '2.5.4.7', short: 'L', encode: utf8String, maxLength: 128 },
  stateOrProvinceName: { oid: '2.5.4.8', short: 'ST', encode: utf8String, maxLength: 128 },
  organizationName: { oid: '2.5.4.10', short: 'O', encode: utf8String, maxLength: 64 },
  organizationalUnitName: { oid: '2.5.4.11', short: 'OU', encode: utf8String, maxLength: 64 },
  givenName: { oid: '2.5.4.42', short: 'GN', encode: utf8String, maxLength: 64 },
  emailAddress: { oid: '1.2.840.113549.1.9.1', short: 'emailAddress', encode: ia5String, maxLength: 255 },
  domainComponent: { oid: '0.9.2342.19200300.100.1.25', short: 'DC', encode: ia5String, maxLength: 63 },
} as const satisfies Record<string, AttributeType>;

export type AttributeName = keyof typeof NAME_ATTRIBUTES;
export const attributeNames = Object.keys(NAME_ATTRIBUTES) as AttributeName[];
const nameByOid = new Map<string, AttributeName>(attributeNames.map((name) => [NAME_ATTRIBUTES[name].oid, name]));

export interface NameAttribute {
  readonly type: AttributeName;
  readonly value: string;
}

/** A subject or issuer, most general attribute first, one attribute in each relative name. */
export type DistinguishedName = readonly NameAttribute[];

/** An attribute as it was read: `type` is its name where this product has one, otherwise the dotted identifier. */
export interface ReadAttribute {
  readonly type: AttributeName | (string & {});
  readonly value: string;
  /** The tag of the string type that it was written in. */
  readonly stringTag: number;
}

export const GENERAL_NAME_KINDS = ['dns', 'email', 'uri', 'ip', 'directory', 'other'] as const;
export type GeneralNameKind = (typeof GENERAL_NAME_KINDS)[number];

/** RFC 5280 §4.2.1.6. `value` is text: an address for `ip`, RFC 4514 for `directory`, hex of the DER for `other`. */
export interface GeneralName {
  readonly kind: GeneralNameKind;
  readonly value: string;
}

export const encodeName = (name: DistinguishedName): Buffer =>
  sequence(
    ...name.map(({ type, value }) => {
      const { oid, encode } = NAME_ATTRIBUTES[type];
      return set(sequence(objectIdentifier(oid), encode(value)));
    }),
  );

const RELATIVE_NAMES_MAX = 32;

/** The attributes of a Name in their order, those of a multi-valued relative name side by side. @throws DerError */
export function readName(node: DerNode): ReadAttribute[] {
  const { children } = expectTag(node, TAG.sequence);
  if (children.length > RELATIVE_NAMES_MAX) throw new DerError('A name has too many parts');
  return children.flatMap((relative) => {
    const pairs = expectTag(relative, TAG.set).children;
    // RFC 5280 §4.1.2.4 has at least one; some writers leave an empty set where an attribute has no value.
    if (pairs.length > RELATIVE_NAMES_MAX) throw new DerError('A relative name is too long');
    return pairs.map((pair) => {
      const fields = DerFields.of(pair);
      const oid = readObjectIdentifier(fields.take());
      const value = fields.take();
      fields.end();
      const type = nameByOid.get(oid);
      // RFC 4514 §2.4: what is no string, such as a unique identifier, is shown by its encoding.
      const text = type === undefined && !isString(value) ? `#${value.raw.toString('hex')}` : readString(value);
      return { type: type ?? oid, value: text, stringTag: value.tag };
    });
  });
}

/** RFC 4514: last attribute first, special characters escaped. */
export const formatName = (name: readonly Pick<ReadAttribute, 'type' | 'value'>[]): string =>
  [...name]
    .reverse()
    .map(({ type, value }) => `${shortName(type)}=${isEncoding(type, value) ? value : escapeValue(value)}`)
    .join(',');

const isEncoding = (type: string, value: string): boolean => /^\d/.test(type) && /^#(?:[0-9a-f]{2})+$/.test(value);

const shortName = (type: string): string =>
  Object.hasOwn(NAME_ATTRIBUTES, type) ? NAME_ATTRIBUTES[type as AttributeName].short : type;

const escapeValue = (value: string): string =>
  value
    .replace(/[\\",+<>;]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/[\u0000-\u001f\u007f]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** The context tag of each kind of GeneralName. */
const GENERAL_NAME_TAGS: Readonly<Record<number, GeneralNameKind>> = {
  0x81: 'email',
  0x82: 'dns',
  0xa4: 'directory',
  0x86: 'uri',
  0x87: 'ip',
};

/** @throws DerError where the kind is one that this product does not write, or the address is none */
export function encodeGeneralName({ kind, value }: GeneralName): Buffer {
  if (kind === 'dns') return implicit(2, Buffer.from(value, 'latin1'));
  if (kind === 'email') return implicit(1, Buffer.from(value, 'latin1'));
  if (kind === 'uri') return implicit(6, Buffer.from(value, 'latin1'));
  if (kind === 'ip') return implicit(7, addressOctets(value));
  throw new DerError(`Names of the kind ${kind} are not written`);
}

/** GeneralNames, the content of a subjectAltName extension. */
export const encodeGeneralNames = (names: readonly GeneralName[]): Buffer => sequence(...names.map(encodeGeneralName));

/** @throws DerError */
export function readGeneralName(node: DerNode): GeneralName {
  const kind = GENERAL_NAME_TAGS[node.tag];
  if (kind === 'directory') return { kind, value: formatName(readName(onlyChild(node))) };
  if (kind === 'ip') return { kind, value: formatAddress(node.content) };
  if (kind) {
    if (node.content.some((octet) => octet >= 0x80)) throw new DerError('Not an IA5String');
    return { kind, value: node.content.toString('latin1') };
  }
  return { kind: 'other', value: node.raw.toString('hex') };
}

const GENERAL_NAMES_MAX = 200;

/** @throws DerError */
export function readGeneralNames(node: DerNode): GeneralName[] {
  const { children } = expectTag(node, TAG.sequence);
  if (children.length === 0 || children.length > GENERAL_NAMES_MAX) throw new DerError('No names or too many');
  return children.map(readGeneralName);
}

/** The 4 or 16 octets of an address, or, for a range `address/prefix`, of address and mask (RFC 5280 §4.2.1.10). */
export function addressOctets(text: string): Buffer {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  const isRange = prefix !== undefined && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0 || (prefix !== undefined && !isRange))
    throw new DerError('Not an address');
  const octets = Buffer.from(ipaddr.parse(address).toByteArray());
  if (!isRange) return octets;
  const version = bits === 32 ? ipaddr.IPv4 : ipaddr.IPv6;
  const mask = Buffer.from(version.subnetMaskFromPrefixLength(Number(prefix)).toByteArray());
  return Buffer.concat([octets.map((octet, index) => octet & mask[index]!), mask]);
}

function formatAddress(octets: Buffer): string {
  if (octets.length === 4 || octets.length === 16) return ipaddr.fromByteArray([...octets]).toNormalizedString();
  const half = octets.length / 2;
  if (half !== 4 && half !== 16) throw new DerError('Not an address');
  const ones = [...octets.subarray(half)].reduce((sum, octet) => sum + octet.toString(2).replaceAll('0', '').length, 0);
  return `${formatAddress(octets.subarray(0, half))}/${ones}`;
}

/** One extension (RFC 5280 §4.1): FALSE is the default of `critical` and so is not written. */
export const encodeExtension = (oid: string, critical: boolean, value: Buffer): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [element(TAG.boolean, Buffer.of(0xff))] : []), octetString(value));

/** A fullName distribution point or another place for a URI: `[0] { [0] { URI } }`. */
export const distributionPointName = (uri: string): Buffer =>
  explicit(0, explicit(0, encodeGeneralName({ kind: 'uri', value: uri })));
