import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { verifyConsistency, verifyInclusion } from '#transparency-log';

/** The test vectors of github.com/transparency-dev/merkle (Apache-2.0) at 417fb0c, one line each; hashes in Base64. */
const { inclusion, consistency } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'vectors.json'), 'utf8'),
) as Record<'inclusion' | 'consistency', [string, number, number, string, string, string[], boolean][]>;

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

describe('the vectors of transparency-dev/merkle', () => {
  it('the vectors of transparency-dev/merkle are all there', () => {
    expect([inclusion.length, consistency.length]).toEqual([98, 98]);
  });

  it.each(inclusion)(
    'the vector of inclusion %s is verified as its expectation says',
    (...[, index, size, root, leafHash, proof, wrong]) => {
      const given = { index, size, root: bytes(root), leafHash: bytes(leafHash), proof: proof.map(bytes) };
      expect(verifyInclusion(given)).toBe(!wrong);
    },
  );

  it.each(consistency)(
    'the vector of consistency %s is verified as its expectation says',
    (...[, first, second, one, other, proof, wrong]) => {
      const given = { first, second, firstRoot: bytes(one), secondRoot: bytes(other), proof: proof.map(bytes) };
      expect(verifyConsistency(given)).toBe(!wrong);
    },
  );
});
