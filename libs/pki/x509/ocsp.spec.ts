import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as der from '../../asn1/der.js';
import { encodeExtension } from './names.js';
import { ocspError, parseOcspRequest } from './ocsp.js';
import { OID } from '#asn1';

const certificateId = (hash: string = OID.sha1, serial: Buffer = der.integer(4_711)): Buffer =>
  der.sequence(
    der.sequence(der.objectIdentifier(hash), der.nullValue()),
    der.octetString(Buffer.alloc(20, 1)),
    der.octetString(Buffer.alloc(20, 2)),
    serial,
  );
const nonce = (value: Buffer): Buffer => der.explicit(2, der.sequence(encodeExtension(OID.ocspNonce, false, value)));
const request = (ids: readonly Buffer[], ...rest: readonly Buffer[]): Buffer =>
  der.sequence(der.sequence(der.sequence(...ids.map((id) => der.sequence(id))), ...rest));

const read = (bytes: Buffer) => {
  const result = parseOcspRequest(bytes);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
};

describe('requests', () => {
  it('an OCSP request is read: certificate, hash, nonce', () => {
    const { certificateIds, nonce: found } = read(request([certificateId()], nonce(der.octetString(Buffer.of(7)))));
    expect(found).toEqual(Buffer.of(7));
    expect(certificateIds).toEqual([
      {
        der: certificateId(),
        hash: 'sha1',
        issuerNameHash: Buffer.alloc(20, 1),
        issuerKeyHash: Buffer.alloc(20, 2),
        serialNumber: '1267',
      },
    ]);
    expect(read(request([certificateId(OID.sha256)])).certificateIds[0]?.hash).toBe('sha256');
    expect(read(request([certificateId('1.2.3')])).certificateIds[0]?.hash).toBeUndefined();
  });

  it('an OCSP request names a serial number as it is stored: no sign octet, no leading zeros', () => {
    const serialOf = (hex: string) =>
      read(request([certificateId(OID.sha1, der.unsignedInteger(Buffer.from(hex, 'hex')))])).certificateIds[0]!
        .serialNumber;
    expect(serialOf('ff00')).toBe('ff00');
    expect(serialOf('0f00')).toBe('0f00');
    expect(serialOf('000001')).toBe('01');
  });

  it('an OCSP request may have a version, a requestor and a signature, which are not looked at', () => {
    const requestor = der.explicit(1, der.implicit(2, Buffer.from('asker.example')));
    const list = der.sequence(der.sequence(certificateId()));
    const tbs = der.sequence(der.explicit(0, der.integer(0)), requestor, list);
    const signature = der.explicit(
      0,
      der.sequence(der.sequence(der.objectIdentifier(OID.ed25519)), der.bitString(Buffer.alloc(64))),
    );
    expect(read(der.sequence(tbs, signature)).certificateIds).toHaveLength(1);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no certificate', request([])],
    ['21 certificates', request(Array.from({ length: 21 }, () => certificateId()))],
    ['an empty nonce', request([certificateId()], nonce(der.octetString(Buffer.alloc(0))))],
    ['a nonce of 129 octets', request([certificateId()], nonce(der.octetString(Buffer.alloc(129))))],
    ['a nonce that is no octet string', request([certificateId()], nonce(Buffer.from('raw nonce')))],
    ['a negative serial number', request([certificateId(OID.sha1, der.element(2, Buffer.of(0x80)))])],
    ['a version of another time', der.sequence(der.sequence(der.explicit(0, der.integer(1)), der.sequence()))],
    ['more than 4 KiB', request([certificateId()], nonce(der.octetString(Buffer.alloc(5_000))))],
    ['something behind it', Buffer.concat([request([certificateId()]), Buffer.of(5, 0)])],
  ])('an OCSP request with %s is malformed', (_, bytes) => {
    expect(parseOcspRequest(bytes)).toMatchObject({ ok: false, reason: 'MALFORMED_REQUEST' });
  });

  it('an OCSP nonce of 1 and of 128 octets is accepted', () => {
    for (const length of [1, 128])
      expect(read(request([certificateId()], nonce(der.octetString(Buffer.alloc(length))))).nonce).toHaveLength(length);
  });

  it('no alteration of an OCSP request crashes the reader', () => {
    const sound = request([certificateId(), certificateId(OID.sha256)], nonce(der.octetString(Buffer.alloc(16))));
    fc.assert(
      fc.property(fc.nat({ max: sound.length - 1 }), fc.integer({ min: 1, max: 255 }), fc.nat(), (at, byte, cut) => {
        const altered = Buffer.from(sound);
        altered[at]! ^= byte;
        parseOcspRequest(altered.subarray(0, cut % 2 === 0 ? altered.length : cut % altered.length));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('errors', () => {
  it('an OCSP error has five octets', () => {
    expect(ocspError('malformedRequest').toString('hex')).toBe('30030a0101');
    expect(ocspError('unauthorized').toString('hex')).toBe('30030a0106');
  });
});
