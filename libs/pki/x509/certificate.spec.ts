import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DAY } from '#core';
import { certifiedKey, issuerOf, parseCertificate } from './certificate.js';
import { CERTIFICATE_KID_KINDS, certificateKid } from './chain.js';
import { buildTbsCrl } from './crl.js';
import {
  assembleCertificate,
  buildTbsCertificate,
  encodeSerialNumber,
  randomSerialNumber,
  selfIssuer,
  signCertificate,
} from './issuance.js';
import { fromPem, toPem } from '#asn1';
import { authorityProfile, leafProfile, ocspSignerProfile, validityFrom } from './profile.js';
import { signatureAlgorithmFor } from './signature-algorithms.js';

const now = Date.UTC(2026, 0, 1, 12, 0, 0, 987);
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKeyInfo = publicKey.export({ type: 'spki', format: 'der' });
const subject = [{ type: 'commonName', value: 'Root' }] as const;
const issuer = selfIssuer(subject, publicKeyInfo, signatureAlgorithmFor(privateKey));
const profile = authorityProfile({
  pathLength: 1,
  nameConstraints: { permitted: [{ kind: 'dns', value: 'a.example' }], excluded: [] },
});
const serialNumber = randomSerialNumber();
const tbs = buildTbsCertificate({ profile, serialNumber, issuer, subject, publicKeyInfo, ...validityFrom(now, 30) });
const certificate = await signCertificate(tbs, privateKey);

const read = (input: Buffer | string) => {
  const result = parseCertificate(input);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
};

describe('a certificate', () => {
  it('a certificate is read as it was written, from PEM and from DER', () => {
    const found = read(toPem('CERTIFICATE', certificate));
    const { publicKey: key, ...others } = found;
    expect(read(certificate)).toMatchObject({ ...others, publicKey: { kind: key.kind, name: key.name } });
    expect(found).toMatchObject({
      tbs,
      serialNumber,
      notBefore: Date.UTC(2026, 0, 1, 11, 59, 0),
      notAfter: Date.UTC(2026, 0, 31, 12, 0, 0),
      publicKeyInfo,
      basicConstraints: { ca: true, pathLength: 1 },
      keyUsage: ['keyCertSign', 'cRLSign'],
      nameConstraints: profile.nameConstraints,
      subjectKeyIdentifier: issuer.keyIdentifier,
      authorityKeyIdentifier: issuer.keyIdentifier,
    });
    expect(found.extendedKeyUsage).toBeUndefined();
    expect(issuerOf(found, privateKey)).toEqual(issuer);
    expect(certifiedKey(found)?.equals(publicKey)).toBe(true);
  });

  it('a certificate can be put around a signature that was made elsewhere', () => {
    const { signature } = read(certificate);
    expect(assembleCertificate(tbs, issuer.signatureAlgorithm, signature)).toEqual(certificate);
  });

  it('a certificate may be altered in any way without crashing the reader', () => {
    for (let at = 0; at < certificate.length; at += 1)
      for (const bits of [0x01, 0x10, 0x80]) {
        const altered = Buffer.from(certificate);
        altered[at]! ^= bits;
        parseCertificate(altered);
      }
    for (let length = 0; length < certificate.length; length += 1)
      expect(parseCertificate(certificate.subarray(0, length))).toMatchObject({ ok: false });
  });

  it.each(['', 'text', toPem('CERTIFICATE REQUEST', certificate), toPem('CERTIFICATE', certificate).repeat(2)])(
    'a certificate is not read from another text: %s',
    (text) => {
      expect(parseCertificate(text)).toMatchObject({ ok: false, reason: 'INVALID_CERTIFICATE' });
    },
  );
});

describe('PEM', () => {
  it('PEM has lines of 64 characters and is read back', () => {
    const text = toPem('X509 CRL', Buffer.alloc(100, 1));
    expect(text.split('\n').map((line) => line.length)).toEqual([24, 64, 64, 8, 22, 0]);
    expect(fromPem(text, ['X509 CRL'])).toEqual(Buffer.alloc(100, 1));
    expect(fromPem(text.replace('AQ', 'A*'), ['X509 CRL'])).toBeUndefined();
    expect(fromPem(text, ['CERTIFICATE'])).toBeUndefined();
  });
});

describe('a serial number', () => {
  it('a serial number is positive, of at most 128 bits, in its one form, and never the same', () => {
    const serials = Array.from({ length: 2_000 }, randomSerialNumber);
    expect(new Set(serials).size).toBe(serials.length);
    for (const serial of serials) expect(serial).toMatch(/^(?!00)([0-9a-f]{2}){1,16}$/);
    expect(encodeSerialNumber('ff').toString('hex')).toBe('020200ff');
    expect(encodeSerialNumber('7f').toString('hex')).toBe('02017f');
  });
});

describe('validity', () => {
  it('validity begins a minute ago and never outlives the issuer, in whole seconds', () => {
    const above = { notBefore: now - 30_000, notAfter: now + 5 * DAY };
    expect(validityFrom(now, 365, above)).toEqual(above);
    expect(validityFrom(now, 1)).toEqual({ notBefore: now - 60_987, notAfter: now + DAY - 987 });
    expect(leafProfile().validityDays).toBe(365);
    expect(ocspSignerProfile()).toMatchObject({ ocspNoCheck: true, extendedKeyUsage: ['ocspSigning'] });
  });
});

describe('a kid', () => {
  it('a kid is made at random or from the certificate', () => {
    const [uuid, sha1, sha256] = CERTIFICATE_KID_KINDS.map((kind) => certificateKid(kind, Buffer.from('abc')));
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(sha1).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(sha256).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('a CRL', () => {
  const times = { thisUpdate: Date.UTC(2026, 0, 1), nextUpdate: Date.UTC(2026, 0, 2) };
  const anyIssuer = { ...issuer, name: Buffer.from('3000', 'hex'), keyIdentifier: Buffer.of(0xaa) };

  it('a CRL without entries has no list of them', () => {
    expect(buildTbsCrl({ issuer: anyIssuer, number: 255, ...times, revoked: [] }).toString('hex')).toBe(
      [
        '304e020101', // version 2
        '300a06082a8648ce3d040302', // ecdsa-with-SHA256
        '3000',
        '170d3236303130313030303030305a',
        '170d3236303130323030303030305a',
        'a01d301b',
        '300c0603551d23040530038001aa', // authorityKeyIdentifier
        '300b0603551d140404020200ff', // cRLNumber
      ].join(''),
    );
  });

  it('a CRL says why, but not that the reason is unspecified, and can name its one place', () => {
    const entry = (reason: 'unspecified' | 'certificateHold') => ({
      serialNumber: 'ff',
      revokedAt: times.thisUpdate,
      reason,
    });
    const hex = (reason: 'unspecified' | 'certificateHold', distributionPoint?: string): string =>
      buildTbsCrl({
        issuer: anyIssuer,
        number: 1n << 70n,
        ...times,
        revoked: [entry(reason)],
        ...(distributionPoint !== undefined && { distributionPoint }),
      }).toString('hex');
    expect(hex('unspecified')).toContain('30153013020200ff170d3236303130313030303030305aa0');
    expect(hex('certificateHold')).toContain('300c300a0603551d1504030a0106');
    expect(hex('unspecified', 'http://x/')).toContain('0603551d1c0101ff0411300fa00da00b8609687474703a2f2f782f');
  });
});
