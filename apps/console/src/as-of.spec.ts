import { describe, expect, it } from 'vitest';

import { changesBetween, nameOf } from './as-of.js';

describe('changesBetween', () => {
  it('what was added, removed and changed since is named, and what stayed the same is not', () => {
    const then = {
      services: [
        { id: '1', name: 'billing', profiles: ['a'] },
        { id: '2', name: 'orders' },
      ],
      members: [{ id: '9', email: 'ada@example.com', role: 'auditor' }],
    };
    const now = {
      services: [
        { id: '1', name: 'billing', profiles: ['a', 'b'] },
        { id: '3', name: 'stock' },
      ],
      members: [{ id: '9', email: 'ada@example.com', role: 'auditor' }],
    };
    expect(changesBetween(then, now)).toEqual([
      {
        kind: 'services',
        id: '1',
        name: 'billing',
        what: 'changed',
        differences: [{ name: 'profiles', before: '["a"]', after: '["a","b"]' }],
      },
      { kind: 'services', id: '2', name: 'orders', what: 'removed', differences: [] },
      { kind: 'services', id: '3', name: 'stock', what: 'added', differences: [] },
    ]);
  });

  it('a thing is known by its name, or by what it is recognised by', () => {
    expect([nameOf({ id: '1', name: null, fingerprint: 'a3f1' }), nameOf({ id: '1' })]).toEqual(['a3f1', '1']);
  });
});
