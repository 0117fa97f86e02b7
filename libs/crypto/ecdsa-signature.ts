import { TAG, integerOctets, parseDer, sequence, unsignedInteger } from '#asn1';

/**
 * An ECDSA signature in the form of RFC 7518 §3.4: R and S side by side, each as long as the order of the curve.
 * @param der `Ecdsa-Sig-Value` (RFC 3279 §2.2.3)
 * @param bytes of R, and of S
 * @throws Error for anything else
 */
export function joseSignatureOf(der: Buffer, bytes: number): Buffer {
  const { tag, children } = parseDer(der);
  if (tag !== TAG.sequence || children.length !== 2) throw new Error('It is not an ECDSA signature');
  return Buffer.concat(
    children.map((child) => {
      const octets = integerOctets(child);
      // A leading 0 says that the integer is not negative.
      const magnitude = octets[0] === 0 ? octets.subarray(1) : octets;
      const isNegative = (octets[0]! & 0x80) !== 0;
      if (isNegative || magnitude.length === 0 || magnitude.length > bytes) {
        throw new Error('It is an ECDSA signature of another curve');
      }
      return Buffer.concat([Buffer.alloc(bytes - magnitude.length), magnitude]);
    }),
  );
}

/** The same signature as `Ecdsa-Sig-Value`. @param jose R and S side by side, of the same length */
export function derSignatureOf(jose: Buffer): Buffer {
  const bytes = jose.length / 2;
  return sequence(unsignedInteger(jose.subarray(0, bytes)), unsignedInteger(jose.subarray(bytes)));
}
