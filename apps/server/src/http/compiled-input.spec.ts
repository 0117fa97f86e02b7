import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DomainError } from '#core';

import { OwnCertificateRenewal, OwnCertificateRequest } from '../admin/certificates.contract.js';
import { CallerCredentials } from '../signing/caller.contract.js';
import { BatchRequest, DiagnoseRequest, VerifyRequest } from '../signing/token.contract.js';
import { PhoneTokenQuery, ProfileQuery } from '../signing/transactions.contract.js';
import { UserTokenQuery, UserTokenRequest } from '../signing/user-tokens.contract.js';
import { Compiled, readCompiled } from './compiled-input.js';
import { QUERY_GROUP, Text, WholeNumber } from './fields.js';
import { parseInput } from './validation.pipe.js';

const examples: readonly (readonly [new () => object, object])[] = [
  [VerifyRequest, { profile: 'partner-api', token: 'e30.e30.c2ln', body: 'line\nline', consume: true }],
  [VerifyRequest, { profile: 'partner-api', token: 'e30.e30.c2ln', bodyBase64: 'AAA=' }],
  [BatchRequest, { items: [{ subject: 'user-42' }, {}] }],
  [CallerCredentials, {}],
  [CallerCredentials, { authorization: 'Bearer e30.e30.c2ln', serviceKey: 'csk_0', sourceAddress: '203.0.113.7' }],
  [UserTokenRequest, { identifier: 'user-42', name: 'Ada', ttlSeconds: 600 }],
  [UserTokenRequest, { anonymous: true }],
  [OwnCertificateRequest, { csr: '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n' }],
  [OwnCertificateRenewal, {}],
  [DiagnoseRequest, { token: 'e30.e30.c2ln' }],
  [DiagnoseRequest, { profile: 'partner-api', token: 'e30.e30.c2ln', body: 'line\nline' }],
];

/** As Fastify gives them: text, or lists of it where a parameter is repeated. */
const queries: readonly (readonly [new () => object, object])[] = [
  [ProfileQuery, {}],
  [PhoneTokenQuery, { profile: 'app-verify', tenant: 'acme' }],
  [UserTokenQuery, { profile: 'ccai', tenant: 'acme' }],
];

const rejection = (error: unknown): DomainError => {
  if (error instanceof DomainError) return error;
  throw error;
};

/** Values at the edges of what fields accept. */
const values = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    1,
    1.5,
    3_600,
    3_601,
    -1,
    '',
    'a',
    'a\n',
    'a\u0000',
    '\u0085',
    'e\uFE0F',
    '😀',
  ),
  fc.string({ unit: 'grapheme', maxLength: 70 }),
  fc.constantFrom(63, 64, 65, 255, 256).map((length) => 'x'.repeat(length)),
  fc.constantFrom(63, 64, 65).map((length) => '😀'.repeat(length)),
  fc.constant('Ada@Example.com'),
  fc.array(fc.oneof(fc.object({ maxDepth: 1 }), fc.jsonValue()), { maxLength: 3 }),
  fc.jsonValue(),
);

describe('a compiled schema', () => {
  it.each(examples)('a compiled schema accepts what the fields of %o accept: %o', (type, body) => {
    const read = readCompiled(type, body);
    expect(read).toBeInstanceOf(type);
    expect(read).toEqual(body);
  });

  it('a compiled schema accepts no body that the fields reject, and gives what they give', async () => {
    const names = [...new Set(examples.flatMap(([, body]) => Object.keys(body))), 'email', 'toString', '__proto__'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...examples),
        fc.array(fc.tuple(fc.constantFrom(...names), values), { maxLength: 3 }),
        fc.subarray(names),
        async ([type, example], changes, removed) => {
          const members = Object.entries(example).filter(([name]) => !removed.includes(name));
          const body: unknown = JSON.parse(JSON.stringify(Object.fromEntries([...members, ...changes])));
          const read = readCompiled(type, body);
          if (read === undefined) return;
          expect(await parseInput(type, body).catch(rejection)).toStrictEqual(read);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it.each(queries)('a compiled schema accepts what the fields of %o accept in a query: %o', (type, query) => {
    const read = readCompiled(type, Object.assign(Object.create(null) as object, query));
    expect(read).toBeInstanceOf(type);
    expect(read).toEqual(query);
  });

  it('a compiled schema accepts no query that the fields reject, and gives what they give', async () => {
    const names = ['profile', 'tenant', 'limit', 'toString', '__proto__'];
    const texts = fc.oneof(values.map(String), fc.array(values.map(String), { maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...queries),
        fc.array(fc.tuple(fc.constantFrom(...names), texts), { maxLength: 3 }),
        async ([type, example], changes) => {
          const query = Object.assign(Object.create(null) as object, example, Object.fromEntries(changes));
          const read = readCompiled(type, query);
          if (read === undefined) return;
          expect(await parseInput(type, query, QUERY_GROUP).catch(rejection)).toStrictEqual(read);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('a parameter of a query that is no text is left to its conversion', async () => {
    @Compiled()
    class Search {
      @WholeNumber({ optional: true, max: 100 }) limit?: number;
    }
    expect(readCompiled(Search, { limit: '10' })).toBeUndefined();
    expect(await parseInput(Search, { limit: '10' }, QUERY_GROUP)).toEqual({ limit: 10 });
  });

  it.each([null, 'text', 1, [], [{}]])('a compiled schema accepts no body that is %o', (body) => {
    expect(readCompiled(CallerCredentials, body)).toBeUndefined();
  });

  it('a field whose pattern has flags, or that needs more than one character, is left to its checks', () => {
    @Compiled()
    class Words {
      @Text({ optional: true, pattern: /^[a-z]+$/i }) word?: string;
      @Text({ optional: true, min: 2 }) longer?: string;
      @Text({ optional: true }) text?: string;
    }
    expect(readCompiled(Words, { text: 'word' })).toEqual({ text: 'word' });
    expect(readCompiled(Words, { word: 'word' })).toBeUndefined();
    expect(readCompiled(Words, { longer: 'word' })).toBeUndefined();
  });

  it('a class that is not compiled is read field by field', () => {
    class Plain {
      @Text() text: string;
    }
    expect(readCompiled(Plain, { text: 'text' })).toBeUndefined();
  });
});
