import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { EXTENDED_KEY_USAGES, OID } from '#asn1';
import {
  GENERAL_NAME_KINDS,
  type PolicyFacts,
  attributeNames,
  certifiedNames,
  checkRequest,
  lintCertificate,
  parseCertificateRequest,
  policyRules,
  provesPossession,
  refusalCode,
  requestedNames,
  NAME_ATTRIBUTES,
} from '#pki';
import * as der from '../../support/asn1.js';
import {
  dns,
  extension,
  factsOf,
  keys,
  makeRequest,
  makeRoot,
  rawName,
  rsaPublicKeyInfo,
  sanExtension,
  spkiOf,
  tbsBelow,
} from './pure-samples.js';

const notebookCsr = readFileSync(new URL('xima-notebook.csr.pem', import.meta.url), 'utf8');
const key = keys.p256();
const rsaKey = keys.rsa();

const CN = NAME_ATTRIBUTES.commonName.oid;
const named = (value: string): Buffer => rawName([CN, der.utf8String(value)]);
const dnsName = (value: string): Buffer => der.implicit(2, Buffer.from(value, 'latin1'));
const usages = (...oids: string[]): Buffer =>
  extension(OID.extendedKeyUsage, false, der.sequence(...oids.map(der.objectIdentifier)));
const basicConstraints = (...content: Buffer[]): Buffer =>
  extension(OID.basicConstraints, true, der.sequence(...content));

/** 2048 bits, odd, without meaning: `factor` times a number that is the next one of the right size. */
const multipleOf = (factor: bigint): bigint => factor * (((1n << 2047n) / factor) | 1n);
const primorialTo167 = [...Array(168).keys()]
  .filter((n) => n > 1 && ![2, 3, 5, 7, 11, 13].some((p) => n !== p && n % p === 0))
  .reduce((product, prime) => product * BigInt(prime), 1n);
const powerModulo = (base: bigint, exponent: number, modulus: bigint): bigint => {
  let result = 1n;
  for (let round = 0; round < exponent; round += 1) result = (result * base) % modulus;
  return result;
};
/** k * M + (65537^a mod M), as the Infineon library made its primes. */
const rocaFactor = (k: bigint, a: number): bigint => k * primorialTo167 + powerModulo(65_537n, a, primorialTo167);
const rocaModulus = ((): bigint => {
  const k = (1n << 1024n) / primorialTo167 - 5n;
  return rocaFactor(k, 1_234) * rocaFactor(k - (1n << 300n), 777);
})();
const middle = (1n << 1024n) - 105n;

const rsaRequest = (modulus: bigint, exponent = 65_537n): PolicyFacts =>
  factsOf(makeRequest({ key: rsaKey, publicKeyInfo: rsaPublicKeyInfo(modulus, exponent) }));
const request = (wishes: Partial<Parameters<typeof makeRequest>[0]>): Buffer => makeRequest({ key, ...wishes });

/** For each rule a request that breaks it. */
const refused: Readonly<Record<string, () => PolicyFacts>> = {
  CSR_SIGNATURE_ALGORITHM_UNSUPPORTED: () => {
    const csr = request({});
    const oid = der.objectIdentifier(OID.ecdsaWithSha256);
    csr.set(der.objectIdentifier('1.2.840.10045.4.3.1'), csr.indexOf(oid)); // ecdsa-with-SHA224
    return factsOf(csr);
  },
  CSR_SIGNATURE_ALGORITHM_WEAK: () => factsOf(makeRequest({ key: rsaKey, digest: 'sha1' })),
  CSR_SIGNATURE_INVALID: () => factsOf(request({ spoilSignature: true })),
  CSR_KEY_UNSUPPORTED: () => {
    const secp256k1 = der.sequence(der.objectIdentifier(OID.ecPublicKey), der.objectIdentifier('1.3.132.0.10'));
    return factsOf(request({ publicKeyInfo: der.sequence(secp256k1, der.bitString(Buffer.alloc(65, 4))) }));
  },
  CSR_KEY_INVALID: () => {
    const offCurve = Buffer.from(spkiOf(key));
    offCurve[offCurve.length - 1]! ^= 1;
    return factsOf(request({ publicKeyInfo: offCurve }));
  },
  CSR_RSA_TOO_SMALL: () => rsaRequest((1n << 1023n) + 1n),
  CSR_RSA_TOO_LARGE: () => rsaRequest((1n << 16_383n) + 1n, (1n << 16_000n) + 1n),
  CSR_RSA_EXPONENT: () => rsaRequest(multipleOf(10_007n), 3n),
  CSR_RSA_SMALL_FACTOR: () => rsaRequest(multipleOf(9_973n)),
  CSR_RSA_ROCA: () => rsaRequest(rocaModulus),
  CSR_RSA_CLOSE_PRIMES: () => rsaRequest((middle - 1_000n) * (middle + 1_000n)),
  CSR_KEY_OF_AUTHORITY: () => factsOf(request({}), { keyStatus: { ofAuthority: true } }),
  CSR_KEY_NOT_YOURS: () => factsOf(request({}), { keyStatus: { ofAnotherTenant: true } }),
  CSR_KEY_COMPROMISED: () => factsOf(request({}), { keyStatus: { compromised: true } }),
  CSR_KEY_IN_USE: () => factsOf(request({}), { keyStatus: { inUse: true } }),
  CSR_COMMON_NAME_MISSING: () => factsOf(request({ subject: rawName() })),
  CSR_COMMON_NAME_REPEATED: () =>
    factsOf(request({ subject: rawName([CN, der.utf8String('One')], [CN, der.utf8String('Two')]) })),
  CSR_SUBJECT_ATTRIBUTE_NOT_ALLOWED: () =>
    factsOf(request({ subject: rawName([CN, der.utf8String('One')], ['2.5.4.10', der.utf8String('Somebody Ltd')]) })),
  CSR_SUBJECT_ATTRIBUTE_REPEATED: () => {
    const organization = ['2.5.4.10', der.utf8String('Acme')] as const;
    return factsOf(request({ subject: rawName([CN, der.utf8String('One')], organization, organization) }), {
      policy: { subjectAttributes: ['organizationName'] },
    });
  },
  CSR_SUBJECT_ATTRIBUTE_INVALID: () =>
    factsOf(request({ subject: rawName([CN, der.utf8String('One')], ['2.5.4.6', der.utf8String('de')]) }), {
      policy: { subjectAttributes: ['countryName'] },
    }),
  CSR_NAME_TOO_LONG: () => factsOf(request({ subject: named('x'.repeat(65)) })),
  CSR_NAME_UNPRINTABLE: () => factsOf(request({ subject: named('bank.example\0.evil.example') })),
  CSR_NAME_WILDCARD: () => factsOf(request({ subject: named('*.acme.example') })),
  CSR_NAME_NOT_YOURS: () => factsOf(request({ subject: named('Globex') }), { foreignNames: ['Globex'] }),
  CSR_SAN_KIND_NOT_ALLOWED: () =>
    factsOf(request({ extensions: [sanExtension(der.implicit(7, Buffer.of(10, 0, 0, 1)))] })),
  CSR_SAN_INVALID: () => factsOf(request({ extensions: [sanExtension(dnsName('not a host'))] })),
  CSR_SAN_TOO_MANY: () =>
    factsOf(request({}), { additionalNames: Array.from({ length: 51 }, (_, index) => dns(`h${index}.acme.example`)) }),
  CSR_DOMAIN_NOT_ALLOWED: () =>
    factsOf(request({ subject: named('api.notacme.example') }), { policy: { domains: ['acme.example'] } }),
  CSR_ADDRESS_NOT_ALLOWED: () =>
    factsOf(request({}), {
      additionalNames: [{ kind: 'ip', value: '10.0.0.1' }],
      policy: { sanKinds: ['dns', 'ip'], networks: ['10.1.0.0/16', '2001:db8::/32'] },
    }),
  CSR_NAME_CONSTRAINED: () =>
    factsOf(request({ extensions: [sanExtension(dnsName('api.globex.example'))] }), {
      allowedDnsNames: ['*.globex.example'],
      nameConstraints: [{ permitted: [dns('acme.example')], excluded: [] }],
    }),
  CSR_CA_REQUESTED: () => factsOf(request({ extensions: [basicConstraints(der.boolean(true))] })),
  CSR_KEY_USAGE_NOT_ALLOWED: () =>
    factsOf(request({ extensions: [extension(OID.keyUsage, true, der.bitString(Buffer.of(0b1000_0100), 2))] })),
  CSR_EXTENDED_KEY_USAGE_NOT_ALLOWED: () => factsOf(request({ extensions: [usages(EXTENDED_KEY_USAGES.serverAuth)] })),
  CSR_CRITICAL_EXTENSION_UNKNOWN: () =>
    factsOf(request({ extensions: [extension('1.3.6.1.4.1.99999.1', true, der.nullValue())] })),
  CSR_EXTENSION_REPEATED: () => factsOf(request({ extensions: [basicConstraints(), basicConstraints()] })),
};

const codesOf = (facts: PolicyFacts): string[] => [...new Set(checkRequest(facts).map(({ code }) => code))];

describe('the request that the notebook prints', () => {
  it('the request that the notebook prints is read, proves possession, and violates no rule', () => {
    const facts = factsOf(notebookCsr);
    expect(provesPossession(facts.request)).toBe(true);
    expect(facts.request.subject).toEqual([{ type: 'commonName', value: 'My Awesome Reseller', stringTag: 0x0c }]);
    expect(facts.request.signatureAlgorithm?.name).toBe('sha256WithRSAEncryption');
    expect(checkRequest(facts)).toEqual([]);
  });

  it('the request that the notebook prints is the same request as DER, as bare Base64, and with CRLF', () => {
    const { der: bytes } = factsOf(notebookCsr).request;
    for (const form of [bytes, bytes.toString('base64'), notebookCsr.replaceAll('\n', '\r\n')])
      expect(factsOf(form).request.der).toEqual(bytes);
  });
});

describe('requests of every kind of key', () => {
  it.each(Object.entries(keys))('a request with a key of the kind %s is read and proves possession', (_, make) => {
    const facts = factsOf(makeRequest({ key: make() }));
    expect(checkRequest(facts)).toEqual([]);
    expect(provesPossession(facts.request)).toBe(true);
  });

  it('a signature by an algorithm of another kind of key proves nothing', () => {
    const csr = makeRequest({ key: rsaKey, publicKeyInfo: spkiOf(key) });
    expect(codesOf(factsOf(csr))).toEqual(['CSR_SIGNATURE_INVALID']);
  });
});

describe('the escalation set', () => {
  it.each(policyRules.map(({ code }) => code))('the rule %s has a request that it rejects', (code) => {
    expect(codesOf(refused[code]!())).toContain(code);
  });

  it('every hostile request has a rule', () => {
    expect(Object.keys(refused).sort()).toEqual(policyRules.map(({ code }) => code).sort());
  });

  const alone = Object.keys(refused).filter(
    (code) => !code.startsWith('CSR_RSA') && !code.startsWith('CSR_KEY_UNSUPPORTED'),
  );
  it.each(alone)('the rule %s is the only one that its request violates', (code) => {
    expect(codesOf(refused[code]!())).toEqual([code]);
  });

  it('a request is rejected with all violated rules, and the error is the one that they share', () => {
    const facts = factsOf(
      request({
        subject: rawName([CN, der.utf8String('*.a\0')], [CN, der.utf8String('b')]),
        extensions: [basicConstraints(der.boolean(true)), sanExtension(der.implicit(6, Buffer.from('http://x/')))],
        spoilSignature: true,
      }),
    );
    const findings = checkRequest(facts);
    expect(new Set(findings.map(({ code }) => code))).toEqual(
      new Set([
        'CSR_SIGNATURE_INVALID',
        'CSR_COMMON_NAME_REPEATED',
        'CSR_NAME_UNPRINTABLE',
        'CSR_NAME_WILDCARD',
        'CSR_SAN_KIND_NOT_ALLOWED',
        'CSR_CA_REQUESTED',
      ]),
    );
    expect(findings.every(({ citation, detail }) => citation !== '' && !detail.includes('\0'))).toBe(true);
    expect(refusalCode(findings)).toBe('POLICY_VIOLATION');
    expect(refusalCode(checkRequest(refused['CSR_SIGNATURE_INVALID']!()))).toBe('INVALID_CSR');
    expect(refusalCode(checkRequest(refused['CSR_RSA_ROCA']!()))).toBe('POLICY_VIOLATION');
    expect(refusalCode(checkRequest(refused['CSR_KEY_INVALID']!()))).toBe('WEAK_KEY');
  });

  it.each([
    ['mail', 1, 'root@acme.example'],
    ['URI', 6, 'spiffe://acme/x'],
  ])('a %s name is rejected, and certified where the policy permits it', (_, tag, value) => {
    const csr = request({ extensions: [sanExtension(der.implicit(tag, Buffer.from(value)))] });
    expect(codesOf(factsOf(csr))).toEqual(['CSR_SAN_KIND_NOT_ALLOWED']);
    expect(codesOf(factsOf(csr, { policy: { sanKinds: ['email', 'uri'] } }))).toEqual([]);
  });

  it('a request with a huge key is rejected without a single exponentiation', () => {
    const { request: huge } = refused['CSR_RSA_TOO_LARGE']!();
    expect(huge.verifyingKey).toBeUndefined();
    expect(provesPossession(huge)).toBe(false);
    const hugeExponent = factsOf(
      makeRequest({ key: rsaKey, publicKeyInfo: rsaPublicKeyInfo(multipleOf(10_007n), (1n << 2040n) + 1n) }),
    );
    expect(hugeExponent.request.verifyingKey).toBeUndefined();
    expect(codesOf(hugeExponent)).toContain('CSR_RSA_EXPONENT');
  });

  it.each([
    ['of order 1', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['of order 4', '0000000000000000000000000000000000000000000000000000000000000080'],
    ['of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['beyond the field', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ])('an Ed25519 key %s, for which signatures can be forged, is rejected', (_, point) => {
    const edwards = keys.ed25519();
    const publicKeyInfo = Buffer.concat([spkiOf(edwards).subarray(0, 12), Buffer.from(point, 'hex')]);
    expect(codesOf(factsOf(makeRequest({ key: edwards, publicKeyInfo })))).toEqual(['CSR_KEY_INVALID']);
  });

  it('thousands of bad names are reported at most fifty times', () => {
    const additionalNames = Array.from({ length: 5_000 }, () => dns('*'));
    expect(checkRequest(factsOf(request({}), { additionalNames }))).toHaveLength(50);
  });
});

describe('names', () => {
  it('names are certified as they were found valid: known, unique, lower case', () => {
    const csr = request({ extensions: [sanExtension(dnsName('API.acme.example'), dnsName('api.acme.example'))] });
    const facts = factsOf(csr, { additionalNames: [dns('api.ACME.example'), dns('b.acme.example')] });
    expect(checkRequest(facts)).toEqual([]);
    expect(certifiedNames(facts.request, facts.additionalNames)).toEqual({
      subject: [{ type: 'commonName', value: 'My Awesome Reseller', stringTag: 0x0c }],
      subjectAlternativeNames: [dns('api.acme.example'), dns('b.acme.example')],
    });
    expect(requestedNames(facts.request, [dns('b.acme.example')])).toEqual([
      'My Awesome Reseller',
      'API.acme.example',
      'api.acme.example',
      'b.acme.example',
    ]);
  });

  it('a wildcard is certified where the policy permits it, as the first label only', () => {
    const wild = (name: string): PolicyFacts =>
      factsOf(request({ extensions: [sanExtension(dnsName(name))] }), { policy: { wildcards: true } });
    expect(codesOf(wild('*.acme.example'))).toEqual([]);
    expect(codesOf(wild('a*.acme.example'))).toEqual(['CSR_SAN_INVALID']);
    expect(codesOf(wild('www.*.example'))).toEqual(['CSR_SAN_INVALID']);
    expect(codesOf(wild('n1.a.1'))).toEqual(['CSR_SAN_INVALID']);
    expect(codesOf(wild('*.a.1'))).toEqual(['CSR_SAN_INVALID']);
  });

  it.each([
    der.printableString('Acme'),
    der.ia5String('Acme'),
    der.bmpString('Acme'),
    der.element(0x14, Buffer.from('Acme')),
  ])('names are read from the string type %s', (value) => {
    expect(factsOf(request({ subject: rawName([CN, value]) })).request.subject[0]?.value).toBe('Acme');
  });
});

describe('a request without a common name', () => {
  const csr = (...names: string[]): Buffer =>
    request({ subject: rawName(), extensions: [sanExtension(...names.map(dnsName))] });
  const policy = { commonNameFromSan: true };

  it('a request without a common name is rejected, and gets its first alternative name where the policy says so', () => {
    const facts = factsOf(csr('API.acme.example', 'b.acme.example'), { policy });
    expect(codesOf(factsOf(csr('api.acme.example')))).toEqual(['CSR_COMMON_NAME_MISSING']);
    expect(codesOf(facts)).toEqual([]);
    const { subject, subjectAlternativeNames } = certifiedNames(facts.request, [], policy);
    expect(subject).toEqual([{ type: 'commonName', value: 'api.acme.example' }]);
    expect(subjectAlternativeNames).toEqual([dns('api.acme.example'), dns('b.acme.example')]);
  });

  it('a common name is never longer than 64 characters: a shorter alternative name is taken, or the request is rejected', () => {
    const long = `${'a'.repeat(60)}.acme.example`;
    const both = factsOf(csr(long, 'b.acme.example'), { policy });
    expect(codesOf(both)).toEqual([]);
    expect(certifiedNames(both.request, [], policy).subject).toEqual([{ type: 'commonName', value: 'b.acme.example' }]);
    expect(codesOf(factsOf(csr(long), { policy }))).toEqual(['CSR_COMMON_NAME_MISSING']);
    expect(codesOf(factsOf(request({ subject: rawName() }), { policy }))).toEqual(['CSR_COMMON_NAME_MISSING']);
  });

  it('a common name that a request has is kept, and a blank one is replaced', () => {
    const withName = (value: string) =>
      factsOf(request({ subject: named(value), extensions: [sanExtension(dnsName('a.acme.example'))] }), { policy });
    const subjectOf = (facts: PolicyFacts) => certifiedNames(facts.request, [], policy).subject;
    expect(subjectOf(withName('One'))).toMatchObject([{ value: 'One' }]);
    expect(subjectOf(withName(' '))).toEqual([{ type: 'commonName', value: 'a.acme.example' }]);
  });
});

describe('extensions under the attribute of Microsoft', () => {
  const asked = (...extensions: Buffer[]): PolicyFacts =>
    factsOf(request({ extensionRequest: '1.3.6.1.4.1.311.2.1.14', extensions }));

  it('extensions under the attribute of Microsoft are read as those of PKCS#9', () => {
    expect(asked(sanExtension(dnsName('a.acme.example'))).request.subjectAlternativeNames).toEqual([
      dns('a.acme.example'),
    ]);
    expect(codesOf(asked(basicConstraints(der.boolean(true))))).toEqual(['CSR_CA_REQUESTED']);
    expect(codesOf(asked(extension('1.3.6.1.4.1.99999.1', true, der.nullValue())))).toEqual([
      'CSR_CRITICAL_EXTENSION_UNKNOWN',
    ]);
  });

  it('extensions in both attributes are counted together', () => {
    const attribute = der.sequence(
      der.objectIdentifier('1.3.6.1.4.1.311.2.1.14'),
      der.set(der.sequence(basicConstraints())),
    );
    const csr = request({ extensions: [basicConstraints()], attributes: [attribute] });
    expect(codesOf(factsOf(csr))).toEqual(['CSR_EXTENSION_REPEATED']);
  });
});

describe('what the policy lets through', () => {
  it('a request that the policy accepts never leads to a finding of the lint', async () => {
    const now = Date.UTC(2026, 0, 1);
    const root = await makeRoot(now, keys.p256());
    const policy = { subjectAttributes: attributeNames, sanKinds: GENERAL_NAME_KINDS, wildcards: true };
    const text = fc.oneof(
      fc.constantFrom(
        'DE',
        'a@acme.example',
        'acme',
        '*.acme.example',
        'https://acme.example/',
        ' ',
        'é@x.example',
        'ÿ',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
      fc.string({ maxLength: 70 }),
    );
    const attribute = fc.tuple(fc.constantFrom(...attributeNames), text);
    const name = fc.tuple(fc.constantFrom(1, 2, 6), text);
    const address = fc.uint8Array({ minLength: 4, maxLength: 4 });
    let certified = 0;
    fc.assert(
      fc.property(
        fc.uniqueArray(attribute, { maxLength: 2, selector: ([type]) => type }),
        fc.array(name, { maxLength: 2 }),
        fc.option(address),
        (attributes, names, octets) => {
          const values = attributes.map(([type, value]) => [NAME_ATTRIBUTES[type].oid, der.utf8String(value)] as const);
          const hasName = attributes.some(([type]) => type === 'commonName');
          const subject = rawName(...(hasName ? [] : [[CN, der.utf8String('One')] as const]), ...values);
          const alternatives = names.map(([tag, value]) => der.implicit(tag, Buffer.from(value, 'latin1')));
          if (octets) alternatives.push(der.implicit(7, Buffer.from(octets)));
          const csr = request({ subject, extensions: alternatives.length > 0 ? [sanExtension(...alternatives)] : [] });
          const parsing = parseCertificateRequest(csr);
          if (!parsing.ok || checkRequest(factsOf(csr, { policy })).length > 0) return;
          certified += 1;
          const tbs = tbsBelow(root, now, key, certifiedNames(parsing.value));
          expect(lintCertificate(tbs, root.certificate)).toEqual([]);
        },
      ),
      { numRuns: 1_500 },
    );
    expect(certified).toBeGreaterThan(100);
  });
});

describe('bytes that are no request', () => {
  const nested = (depth: number): Buffer => {
    let bytes: Buffer = Buffer.alloc(0);
    for (let level = 0; level < depth; level += 1) bytes = der.sequence(bytes);
    return bytes;
  };
  let csr: Buffer;
  beforeAll(() => {
    csr = request({ extensions: [sanExtension(dnsName('a.example')), basicConstraints()] });
  });

  const samples: readonly (readonly [title: string, make: () => Buffer | string, reason: string])[] = [
    ['10,000 levels', () => nested(10_000), 'TOO_LARGE'],
    ['10,000 levels of indefinite length', () => Buffer.alloc(16_384, Buffer.of(0x30, 0x80)), 'NOT_PKCS10'],
    ['3,000 levels in 16 KiB', () => nested(3_000), 'NOT_PKCS10'],
    ['nothing', () => Buffer.alloc(0), 'NOT_PKCS10'],
    ['one byte too many', () => Buffer.concat([csr, Buffer.of(0)]), 'NOT_PKCS10'],
    ['half of one', () => csr.subarray(0, csr.length / 2), 'NOT_PKCS10'],
    ['a text', () => 'hello', 'NOT_PEM'],
    ['two requests', () => notebookCsr + notebookCsr, 'NOT_PEM'],
    ['a certificate by its label', () => notebookCsr.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'), 'NOT_PEM'],
    ['a long text', () => 'A'.repeat(100_000), 'TOO_LARGE'],
    ['a long request', () => Buffer.alloc(16_385, 0x30), 'TOO_LARGE'],
  ];
  it.each(samples)('bytes that are no request are rejected: %s', (_, make, reason) => {
    expect(parseCertificateRequest(make())).toMatchObject({ ok: false, reason });
  });

  it('no alteration of a request crashes the reader, and none of what is signed is accepted', () => {
    const edit = fc.record({ at: fc.nat(), byte: fc.integer({ min: 1, max: 255 }), cut: fc.boolean() });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let bytes = Buffer.from(csr);
        for (const { at, byte, cut } of edits) {
          if (cut && bytes.length > 1) bytes = bytes.subarray(0, at % bytes.length);
          else if (bytes.length > 0) bytes[at % bytes.length]! ^= byte;
        }
        const result = parseCertificateRequest(bytes);
        if (!result.ok) return true;
        const changed = !result.value.signedBytes.equals(factsOf(csr).request.signedBytes);
        return !changed || checkRequest(factsOf(bytes)).length > 0;
      }),
      { numRuns: 1_500 },
    );
  });

  it('no random bytes crash the reader', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const wrapped = der.sequence(Buffer.from(bytes));
        return !parseCertificateRequest(Buffer.from(bytes)).ok && !parseCertificateRequest(wrapped).ok;
      }),
      { numRuns: 1_000 },
    );
  });
});
