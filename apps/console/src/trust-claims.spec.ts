import { describe, expect, it } from 'vitest';

import { claimLines, claimsOf } from './trust-claims.js';

describe('the claims of a trust', () => {
  it('each line is a claim with what it must be', () => {
    const claims = { repository_id: '74', '/kubernetes.io/namespace': 'shop', ref: 'a=b' };
    expect(claimsOf('repository_id = 74\n\n  /kubernetes.io/namespace=shop\nref = a=b')).toEqual(claims);
    expect(claimLines(claims)).toEqual(['repository_id = 74', '/kubernetes.io/namespace = shop', 'ref = a=b']);
    expect(claimsOf(undefined)).toEqual({});
  });

  it.each(['repository_id', '= 74', 'repository_id ='])('a line without both is refused: %s', (line) => {
    expect(() => claimsOf(line)).toThrow('A claim is written as name = value');
  });
});
