import { describe, expect, it } from 'vitest';

import type { CertificateRequest } from '#pki';

import { namesIn, requireNamesOf, requireNoObjection, wantedName } from './identifiers.js';

const dns = (value: string) => ({ type: 'dns', value });
const ip = (value: string) => ({ type: 'ip', value });

describe('the identifiers of an order', () => {
  it('the identifiers of an order are DNS names in lower case, each once', () => {
    expect(namesIn([dns('A.internal'), dns('b.internal'), dns('a.INTERNAL')])).toEqual(['a.internal', 'b.internal']);
  });

  it.each([
    undefined,
    [],
    {},
    ['a'],
    [null],
    [{ type: 'dns' }],
    [dns('a'.repeat(254))],
    Array.from({ length: 51 }, () => dns('a')),
    [ip('10.0.0.256')],
    [ip('10.0.0.0/8')],
    [ip('a.internal')],
    [ip('fe80::1%eth0')],
    [ip('2001:DB8::1')],
    [ip('2001:db8:0:0:0:0:0:1')],
  ])('the identifiers of an order are not %j', (identifiers) => {
    expect(() => namesIn(identifiers as never)).toThrow(expect.objectContaining({ code: 'ACME_MALFORMED' }));
  });

  it('the identifiers of an order are IP addresses in the form of RFC 5952', () => {
    expect(namesIn([ip('10.0.0.1'), ip('2001:db8::1'), ip('10.0.0.1')])).toEqual(['10.0.0.1', '2001:db8::1']);
    const misplaced = { extensions: { subproblems: [expect.objectContaining({ identifier: dns('10.0.0.1') })] } };
    expect(() => namesIn([dns('10.0.0.1')])).toThrow(expect.objectContaining(misplaced));
  });

  it('the identifiers of an order with a wildcard are proven for the name below it', () => {
    expect([wantedName('*.a.internal'), wantedName('a.internal')]).toEqual([
      { name: 'a.internal', wildcard: true },
      { name: 'a.internal', wildcard: false },
    ]);
  });

  it('the identifiers of an order are rejected each with its reasons', () => {
    expect(() => requireNoObjection(new Map([['a', []]]))).not.toThrow();
    expect(() =>
      requireNoObjection(
        new Map([
          ['a', []],
          ['b', ['one', 'two']],
        ]),
      ),
    ).toThrow(
      expect.objectContaining({
        extensions: { subproblems: [expect.objectContaining({ detail: 'one; two', identifier: dns('b') })] },
      }),
    );
  });
});

describe('the names of a request', () => {
  const request = (commonNames: string[], alternative: string[], kind = 'dns') =>
    ({
      subject: commonNames.map((value) => ({ type: 'commonName', value })),
      subjectAlternativeNames: alternative.map((value) => ({ kind, value })),
    }) as unknown as CertificateRequest;

  it('the names of a request are those of its order, in any case of letters', () => {
    expect(() => requireNamesOf(request([], ['B.internal', 'a.internal']), ['a.internal', 'b.internal'])).not.toThrow();
    expect(() => requireNamesOf(request(['a.internal'], ['a.internal']), ['a.internal'])).not.toThrow();
  });

  it('the names of a request are those of its order, an address in any of its forms', () => {
    const csr = request(['10.0.0.1'], ['10.0.0.1', '2001:db8:0:0:0:0:0:1'], 'ip');
    expect(() => requireNamesOf(csr, ['2001:db8::1', '10.0.0.1'])).not.toThrow();
    expect(() => requireNamesOf(request([], ['10.0.0.1'], 'dns'), ['10.0.0.1'])).toThrow('names of the order');
    expect(() => requireNamesOf(request([], ['10.0.0.2'], 'ip'), ['10.0.0.1'])).toThrow('names of the order');
  });

  it.each<[string, CertificateRequest]>([
    ['a name more', request([], ['a.internal', 'b.internal', 'c.internal'])],
    ['a name less', request([], ['a.internal'])],
    ['another common name', request(['c.internal'], ['a.internal', 'b.internal'])],
    ['a common name alone', request(['a.internal', 'b.internal'], [])],
    ['names of another kind', request([], ['a.internal', 'b.internal'], 'email')],
  ])('the names of a request are not accepted with %s', (_, csr) => {
    expect(() => requireNamesOf(csr, ['a.internal', 'b.internal'])).toThrow(
      expect.objectContaining({ code: 'ACME_BAD_CSR' }),
    );
  });
});
