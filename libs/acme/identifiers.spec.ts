import { describe, expect, it } from 'vitest';

import type { CertificateRequest } from '#pki';

import { namesIn, requireNamesOf, requireNoObjection, wantedName } from './identifiers.js';

const dns = (value: string) => ({ type: 'dns', value });

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
  ])('the identifiers of an order are not %j', (identifiers) => {
    expect(() => namesIn(identifiers as never)).toThrow(expect.objectContaining({ code: 'ACME_MALFORMED' }));
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
