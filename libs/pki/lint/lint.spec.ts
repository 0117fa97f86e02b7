import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DAY } from '#core';
import { type ParsedCertificate, parseCertificate } from '../x509/certificate.js';
import * as der from '../../asn1/der.js';
import { writeExtension as write } from '../x509/extensions.js';
import { assembleCertificate } from '../x509/issuance.js';
import { lintCertificate, lintRules } from './lint.js';
import { NAME_ATTRIBUTES, encodeExtension, encodeName } from '../x509/names.js';
import { OID } from '#asn1';
import { keyIdentifier } from '../x509/public-key.js';
import { encodeSignatureAlgorithm, signatureAlgorithmByOid } from '../x509/signature-algorithms.js';

const spki = (namedCurve: string): Buffer =>
  generateKeyPairSync('ec', {
    namedCurve,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  }).publicKey;
const authorityKey = spki('prime256v1');
const leafKey = spki('prime256v1');
const now = Date.UTC(2026, 0, 1);

const ecdsa = signatureAlgorithmByOid(OID.ecdsaWithSha256)!;
const rootName = encodeName([{ type: 'commonName', value: 'Root' }]);
const serial = der.unsignedInteger(Buffer.alloc(16, 0x5a));
const algorithm = (oid: string, ...parameters: Buffer[]): Buffer =>
  der.sequence(der.objectIdentifier(oid), ...parameters);
const rsaKey = (bits: number, exponent: number): Buffer =>
  der.sequence(
    algorithm(OID.rsaEncryption, der.nullValue()),
    der.bitString(der.sequence(der.integer((1n << BigInt(bits - 1)) + 1n), der.integer(exponent))),
  );

const leafExtensions = {
  basicConstraints: write.basicConstraints({ ca: false }),
  keyUsage: write.keyUsage(['digitalSignature']),
  extendedKeyUsage: write.extendedKeyUsage(['clientAuth']),
  subjectKeyIdentifier: write.subjectKeyIdentifier(keyIdentifier(leafKey)),
  authorityKeyIdentifier: write.authorityKeyIdentifier(keyIdentifier(authorityKey)),
};
const authorityExtensions = {
  ...leafExtensions,
  basicConstraints: write.basicConstraints({ ca: true, pathLength: 0 }),
  keyUsage: write.keyUsage(['keyCertSign', 'cRLSign']),
  extendedKeyUsage: Buffer.alloc(0),
};

const leaf = {
  version: der.explicit(0, der.integer(2)),
  serial,
  signature: encodeSignatureAlgorithm(ecdsa),
  issuer: rootName,
  notBefore: der.time(now),
  notAfter: der.time(now + 90 * DAY),
  subject: encodeName([{ type: 'commonName', value: 'Leaf' }]),
  key: leafKey,
  uniqueIdentifier: Buffer.alloc(0),
};

type Changes = Partial<Record<keyof typeof leaf, Buffer>> & { readonly extensions?: Readonly<Record<string, Buffer>> };

function tbs({ extensions = {}, ...changes }: Changes = {}): Buffer {
  const f = { ...leaf, ...changes };
  const all = Object.values({ ...leafExtensions, ...extensions });
  const list = der.explicit(3, der.sequence(...all));
  return der.sequence(
    f.version,
    f.serial,
    f.signature,
    f.issuer,
    der.sequence(f.notBefore, f.notAfter),
    f.subject,
    f.key,
    f.uniqueIdentifier,
    list,
  );
}

function authority(changes: Changes = {}): ParsedCertificate {
  const own = {
    ...authorityExtensions,
    basicConstraints: write.basicConstraints({ ca: true }),
    subjectKeyIdentifier: write.subjectKeyIdentifier(keyIdentifier(authorityKey)),
    ...changes.extensions,
  };
  const notAfter = der.time(now + 365 * DAY);
  const bytes = tbs({ subject: rootName, key: authorityKey, notAfter, ...changes, extensions: own });
  const result = parseCertificate(assembleCertificate(bytes, ecdsa, Buffer.of(0)));
  if (!result.ok) throw new Error(result.detail);
  return result.value;
}

const rawName = (type: keyof typeof NAME_ATTRIBUTES, value: Buffer): Buffer =>
  der.sequence(der.set(der.sequence(der.objectIdentifier(NAME_ATTRIBUTES[type].oid), value)));
const named = (value: Buffer): Changes => ({ subject: rawName('commonName', value) });
const san = (...names: Buffer[]): Changes => ({
  extensions: { san: encodeExtension(OID.subjectAlternativeName, false, der.sequence(...names)) },
});
const raw = (oid: string, critical: boolean, value: Buffer): Buffer => encodeExtension(oid, critical, value);
const extended = (extensions: Readonly<Record<string, Buffer>>): Changes => ({ extensions });
const below = (extensions: Readonly<Record<string, Buffer>>): Changes => ({
  extensions: { ...authorityExtensions, ...extensions },
});
const nothing = Buffer.alloc(0);
const constraints = { permitted: [{ kind: 'dns', value: 'acme.example' } as const], excluded: [] };
const dnsName = (value: string): Buffer => der.implicit(2, Buffer.from(value, 'latin1'));

/** For each rule a certificate that breaks it, and the authority above it where that matters. */
const samples: Readonly<Record<string, readonly [Changes, (ParsedCertificate | 'none')?]>> = {
  LINT_VERSION: [{ version: der.explicit(0, der.integer(1)) }],
  LINT_SERIAL_NOT_POSITIVE: [{ serial: der.element(0x02, Buffer.alloc(9, 0x80)) }],
  LINT_SERIAL_TOO_LONG: [{ serial: der.unsignedInteger(Buffer.alloc(21, 1)) }],
  LINT_SERIAL_TOO_SHORT: [{ serial: der.integer(4_711) }],
  LINT_SIGNATURE_ALGORITHM: [{ signature: algorithm(OID.ecdsaWithSha1) }],
  LINT_SIGNATURE_PARAMETERS: [{ signature: algorithm(OID.ecdsaWithSha256, der.nullValue()) }],
  LINT_ISSUER_EMPTY: [{ issuer: der.sequence() }],
  LINT_AUTHORITY_WITHOUT_NAME: [{ ...below({}), subject: der.sequence() }],
  LINT_SUBJECT_EMPTY: [{ ...san(dnsName('a.example')), subject: der.sequence() }],
  LINT_NAME_STRING_TYPE: [named(der.element(0x14, Buffer.from('Teletex')))],
  LINT_PRINTABLE_STRING: [named(der.printableString('a*b'))],
  LINT_NAME_EMPTY_VALUE: [named(der.utf8String(' '))],
  LINT_NAME_TOO_LONG: [named(der.utf8String('x'.repeat(65)))],
  LINT_NAME_CONTROL_CHARACTER: [named(der.utf8String('a\0b'))],
  LINT_COUNTRY_CODE: [{ subject: rawName('countryName', der.printableString('de')) }],
  LINT_TIME_FORM: [{ notBefore: der.generalizedTime(now) }],
  LINT_VALIDITY_REVERSED: [{ notAfter: der.time(now) }],
  LINT_UNIQUE_IDENTIFIER: [{ uniqueIdentifier: der.implicit(1, Buffer.of(0, 1)) }],
  LINT_KEY_UNSUPPORTED: [{ key: spki('secp256k1') }],
  LINT_RSA_KEY: [{ key: rsaKey(1024, 65_537) }],
  LINT_EXTENSION_REPEATED: [extended({ again: leafExtensions.keyUsage })],
  LINT_EXTENSION_UNKNOWN: [extended({ own: raw('1.3.6.1.4.1.99999.1', false, der.nullValue()) })],
  LINT_BASIC_CONSTRAINTS_MISSING: [extended({ basicConstraints: nothing })],
  LINT_BASIC_CONSTRAINTS_ENCODING: [
    extended({ basicConstraints: raw(OID.basicConstraints, true, der.sequence(der.boolean(false))) }),
  ],
  LINT_PATH_LENGTH: [extended({ basicConstraints: raw(OID.basicConstraints, true, der.sequence(der.integer(0))) })],
  LINT_KEY_USAGE_MISSING: [extended({ keyUsage: raw(OID.keyUsage, false, der.namedBits([0])) })],
  LINT_KEY_USAGE_EMPTY: [extended({ keyUsage: write.keyUsage([]) })],
  LINT_KEY_USAGE_ENCODING: [extended({ keyUsage: raw(OID.keyUsage, true, der.element(0x03, Buffer.of(1, 0x80))) })],
  LINT_KEY_USAGE_OF_AUTHORITY: [extended({ keyUsage: write.keyUsage(['digitalSignature', 'keyCertSign']) })],
  LINT_KEY_USAGE_OF_CURVE: [extended({ keyUsage: write.keyUsage(['digitalSignature', 'keyEncipherment']) })],
  LINT_SUBJECT_KEY_IDENTIFIER_MISSING: [extended({ subjectKeyIdentifier: nothing })],
  LINT_SUBJECT_KEY_IDENTIFIER_CRITICAL: [
    extended({ subjectKeyIdentifier: raw(OID.subjectKeyIdentifier, true, der.octetString(Buffer.of(1))) }),
  ],
  LINT_AUTHORITY_KEY_IDENTIFIER_MISSING: [extended({ authorityKeyIdentifier: nothing })],
  LINT_AUTHORITY_KEY_IDENTIFIER_CRITICAL: [
    extended({
      authorityKeyIdentifier: raw(
        OID.authorityKeyIdentifier,
        true,
        der.sequence(der.implicit(0, keyIdentifier(authorityKey))),
      ),
    }),
  ],
  LINT_SAN_EMPTY: [san()],
  LINT_SAN_DNS: [san(dnsName('under_score.example'))],
  LINT_SAN_EMAIL: [san(der.implicit(1, Buffer.from('Root <root@acme.example>')))],
  LINT_SAN_URI: [san(der.implicit(6, Buffer.from('/relative')))],
  LINT_SAN_IP: [san(der.implicit(7, Buffer.from([10, 0, 0, 0, 255, 0, 0, 0])))],
  LINT_EXTENDED_KEY_USAGE_EMPTY: [extended({ extendedKeyUsage: write.extendedKeyUsage([]) })],
  LINT_OCSP_NO_CHECK: [extended({ extendedKeyUsage: write.extendedKeyUsage(['ocspSigning']) })],
  LINT_NAME_CONSTRAINTS_NOT_CRITICAL: [
    below({
      names: raw(OID.nameConstraints, false, der.sequence(der.explicit(0, der.sequence(dnsName('acme.example'))))),
    }),
  ],
  LINT_NAME_CONSTRAINTS_OF_LEAF: [extended({ names: write.nameConstraints(constraints) })],
  LINT_NAME_CONSTRAINTS_EMPTY: [below({ names: write.nameConstraints({ permitted: [], excluded: [] }) })],
  LINT_CRL_DISTRIBUTION_POINT: [extended({ crl: write.crlDistributionPoints('ldap://pki.test/crl') })],
  LINT_AUTHORITY_INFORMATION_ACCESS: [extended({ aia: write.authorityInformationAccess({ ocsp: 'ocsp.test' }) })],
  LINT_ISSUER_NAME: [{ issuer: encodeName([{ type: 'commonName', value: 'root' }]) }],
  LINT_SELF_SIGNED_NAME: [
    below({ subjectKeyIdentifier: write.subjectKeyIdentifier(keyIdentifier(authorityKey)) }),
    'none',
  ],
  LINT_SIGNATURE_OF_ISSUER: [{ signature: algorithm(OID.sha256WithRsa, der.nullValue()) }],
  LINT_ISSUER_NOT_AUTHORITY: [
    {},
    authority(
      extended({
        basicConstraints: leafExtensions.basicConstraints,
        keyUsage: leafExtensions.keyUsage,
      }),
    ),
  ],
  LINT_PATH_TOO_LONG: [
    below({}),
    authority(extended({ basicConstraints: write.basicConstraints({ ca: true, pathLength: 0 }) })),
  ],
  LINT_VALIDITY_EXCEEDS_ISSUER: [{ notAfter: der.time(now + 366 * DAY) }],
  LINT_AUTHORITY_KEY_IDENTIFIER_MISMATCH: [
    extended({ authorityKeyIdentifier: write.authorityKeyIdentifier(keyIdentifier(leafKey)) }),
  ],
  LINT_SELF_SIGNED_KEY_IDENTIFIER: [{ ...below({}), subject: rootName }, 'none'],
  LINT_KEY_OF_ISSUER: [{ key: authorityKey }],
  LINT_NAME_CONSTRAINED: [
    san(dnsName('globex.example')),
    authority(extended({ names: write.nameConstraints(constraints) })),
  ],
};

const codesOf = ([changes, above = authority()]: (typeof samples)[string]): string[] =>
  lintCertificate(tbs(changes), above === 'none' ? undefined : above).map(({ code }) => code);

describe('lint', () => {
  it('the lint finds nothing in a sound leaf, authority or root', () => {
    expect(codesOf([{}])).toEqual([]);
    expect(codesOf([below({})])).toEqual([]);
    const root = authority();
    expect(lintCertificate(root.tbs)).toEqual([]);
    const names = san(
      dnsName('*.acme.example'),
      der.implicit(1, Buffer.from('root@acme.example')),
      der.implicit(6, Buffer.from('spiffe://acme.example/a')),
      der.implicit(7, Buffer.alloc(16, 1)),
    );
    expect(codesOf([names])).toEqual([]);
  });

  it.each(lintRules.map(({ code }) => code))(
    'the lint %s has a certificate that breaks it and no other rule',
    (code) => {
      const codes = codesOf(samples[code]!);
      expect(codes).toContain(code);
      // These break two rules by their nature.
      const companions: Readonly<Record<string, readonly string[]>> = {
        LINT_ISSUER_EMPTY: ['LINT_ISSUER_NAME'],
        LINT_AUTHORITY_WITHOUT_NAME: ['LINT_SUBJECT_EMPTY'],
      };
      expect(codes.filter((found) => found !== code)).toEqual(companions[code] ?? []);
    },
  );

  it('each rule of the lint has a code of its own and cites its source', () => {
    expect(new Set(lintRules.map(({ code }) => code)).size).toBe(lintRules.length);
    expect(lintRules.length).toBeGreaterThanOrEqual(35);
    for (const { citation } of lintRules) expect(citation).toMatch(/§|appendix/);
  });

  it('a certificate that cannot be read is a finding of the lint', () => {
    expect(lintCertificate(Buffer.from('3000', 'hex')).map(({ code }) => code)).toEqual(['LINT_STRUCTURE']);
    const unreadable = extended({ basicConstraints: raw(OID.basicConstraints, true, Buffer.from('junk')) });
    expect(codesOf([unreadable])).toContain('LINT_BASIC_CONSTRAINTS_ENCODING');
  });

  it('no alteration of a certificate crashes a rule of the lint', () => {
    const sound = tbs(san(dnsName('a.example')));
    const above = authority();
    for (let at = 0; at < sound.length; at += 1)
      for (const bits of [0x01, 0x20, 0x80]) {
        const altered = Buffer.from(sound);
        altered[at]! ^= bits;
        expect(Array.isArray(lintCertificate(altered, above))).toBe(true);
      }
  });
});
