import * as asn1js from 'asn1js';

/**
 * DER by an encoder that is not the product's: samples of hostile and unusual input that were written with the product's
 * own writer would agree with its reader about a mistake of both.
 */

const CONSTRUCTED = 0x20;
const octets = (value: { toBER(sizeOnly?: boolean): ArrayBuffer }): Buffer => Buffer.from(value.toBER(false));
const bytes = (buffer: Buffer): ArrayBuffer => new Uint8Array(buffer).buffer;

/** Any element: its tag byte, and its content or the encodings inside of it. */
export function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const idBlock = { tagClass: (tag >> 6) + 1, tagNumber: tag & 0x1f };
  const block = new asn1js.Primitive({ idBlock, valueHex: bytes(Buffer.concat(contents)) });
  block.idBlock.isConstructed = (tag & CONSTRUCTED) !== 0;
  return octets(block);
}

export const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, ...parts);
/** A SET in the order in which its elements are given. */
export const set = (...parts: readonly Buffer[]): Buffer => element(0x31, ...parts);
export const explicit = (number: number, ...parts: readonly Buffer[]): Buffer => element(0xa0 + number, ...parts);
export const implicit = (number: number, content: Buffer): Buffer => element(0x80 + number, content);
export const integer = (value: number | bigint): Buffer =>
  value === 0 ? octets(new asn1js.Integer({ value })) : octets(asn1js.Integer.fromBigInt(BigInt(value)).convertToDER());
export const boolean = (value: boolean): Buffer => octets(new asn1js.Boolean({ value }));
export const nullValue = (): Buffer => octets(new asn1js.Null());
export const objectIdentifier = (value: string): Buffer => octets(new asn1js.ObjectIdentifier({ value }));
export const octetString = (content: Buffer): Buffer => octets(new asn1js.OctetString({ valueHex: bytes(content) }));
export const bitString = (content: Buffer, unusedBits = 0): Buffer =>
  octets(new asn1js.BitString({ valueHex: bytes(content), unusedBits }));
export const utf8String = (value: string): Buffer => octets(new asn1js.Utf8String({ value }));
export const printableString = (value: string): Buffer => octets(new asn1js.PrintableString({ value }));
export const ia5String = (value: string): Buffer => octets(new asn1js.IA5String({ value }));
export const bmpString = (value: string): Buffer => octets(new asn1js.BmpString({ value }));

/** A name with one attribute in each relative name: `[dotted type, encoded value]`. */
export const name = (...attributes: readonly (readonly [type: string, value: Buffer])[]): Buffer =>
  sequence(...attributes.map(([type, value]) => set(sequence(objectIdentifier(type), value))));

/** A name of one common name. */
export const commonName = (value: string): Buffer => name(['2.5.4.3', utf8String(value)]);

/** An extension (RFC 5280 §4.1): FALSE is the default of `critical` and so is not written. */
export const extension = (oid: string, critical: boolean, value: Buffer): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value));
