import { describe, expect, it } from 'vitest';

import { chainOf } from './authority-chain.js';

describe('chainOf', () => {
  const authorities = [
    { id: 'root', parentId: null },
    { id: 'issuing', parentId: 'root' },
    { id: 'of another root', parentId: 'elsewhere' },
  ];

  it('the chain leads from the issuer to its root, as far as the authorities are known', () => {
    expect(chainOf(authorities, 'issuing').map(({ id }) => id)).toEqual(['issuing', 'root']);
    expect(chainOf(authorities, 'of another root').map(({ id }) => id)).toEqual(['of another root']);
    expect(chainOf(authorities, 'unknown')).toEqual([]);
  });

  it('authorities that name each other end the chain', () => {
    const circle = [
      { id: 'a', parentId: 'b' },
      { id: 'b', parentId: 'a' },
    ];
    expect(chainOf(circle, 'a').map(({ id }) => id)).toEqual(['a', 'b']);
  });
});
