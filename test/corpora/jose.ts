import { createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { algorithm, parseCompactJws, readTrustedKey } from '#crypto';

import type { Case } from './corpus.ts';

type Jwk = JsonWebKey & { readonly alg?: string; readonly kid?: string };

interface Group {
  readonly comment: string;
  readonly public?: Jwk | { readonly keys: readonly Jwk[] };
  readonly private: Jwk | { readonly keys: readonly Jwk[] };
  readonly tests: readonly {
    readonly tcId: number;
    readonly comment: string;
    readonly jws?: string;
    readonly result: 'valid' | 'invalid' | 'acceptable';
  }[];
}

const FILES = ['json_web_signature_test.json', 'json_web_key_test.json', 'json_web_crypto_test.json'];

/** The JOSE vectors, JWE left out: tokens whose payload is text, so that everything is held against them but the claims. */
export async function* jsonWebSignatures(folder: string): AsyncIterable<Case> {
  for (const file of FILES) {
    const { testGroups } = JSON.parse(readFileSync(join(folder, 'testvectors_v1', file), 'utf8')) as {
      testGroups: readonly Group[];
    };
    for (const group of testGroups) {
      const given = group.public ?? group.private;
      const keys = 'keys' in given ? (given.keys as readonly Jwk[]) : [given as Jwk];
      for (const test of group.tests) {
        if (test.jws === undefined) continue;
        const outcome = await verify(test.jws, keys);
        yield {
          name: `${file} ${test.tcId} ${group.comment} ${test.comment}`,
          expected: test.result === 'valid' ? 'accepted' : 'refused',
          actual: outcome === 'verified' ? 'accepted' : 'refused',
          detail: outcome,
        };
      }
    }
  }
}

async function verify(jws: unknown, keys: readonly Jwk[]): Promise<string> {
  if (typeof jws !== 'string') return 'not the compact form';
  const [header = '', payload = '', signature = '', ...rest] = jws.split('.');
  if (Buffer.from(payload, 'base64url').toString('base64url') !== payload || payload === '') return 'payload';
  const parsed = parseCompactJws([header, Buffer.from('{}').toString('base64url'), signature, ...rest].join('.'));
  if (!parsed.ok) return parsed.reason;
  const { alg, kid } = parsed.value.header;
  const candidates = keys.filter((key) => kid === undefined || key.kid === undefined || key.kid === kid);
  // A key of this product has one algorithm (RFC 8725 §3.1).
  const key = candidates.find((candidate) => candidate.alg === alg);
  if (!key) return 'no key of this algorithm';
  const row = algorithm(alg);
  const imported = keyOf(key);
  if (!imported || !row.accepts(imported)) return 'the key is not accepted';
  const input = Buffer.from(`${header}.${payload}`, 'latin1');
  return (await row.verify(input, parsed.value.signature, imported)) ? 'verified' : 'does not verify';
}

/** By the gate of this product for keys of others: weak ones are refused. */
function keyOf(jwk: Jwk): KeyObject | undefined {
  try {
    if (jwk.use !== undefined && jwk.use !== 'sig') return undefined;
    if (jwk.kty === 'oct') return createSecretKey(Buffer.from(String(jwk['k']), 'base64url'));
    const publicMembers = Object.entries(jwk).filter(([name]) => !PRIVATE_MEMBERS.has(name));
    return readTrustedKey(Object.fromEntries(publicMembers));
  } catch {
    return undefined;
  }
}

const PRIVATE_MEMBERS: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi']);
