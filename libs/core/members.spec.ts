import { describe, expect, it } from 'vitest';

import { definedMembers, withMembers } from './members.js';

describe('the members of an object, changed', () => {
  it('members are changed one by one and keep their names and their order', () => {
    const changed = withMembers({ b: 1, a: 2 }, (value, name) => `${name}${value}`);
    expect(Object.entries(changed)).toEqual([
      ['b', 'b1'],
      ['a', 'a2'],
    ]);
  });

  it('members are those that are named, in that order', () => {
    expect(Object.keys(withMembers({ b: 1, a: 2, c: 3 }, (value) => value, ['a', 'b']))).toEqual(['a', 'b']);
  });

  it('a member that is called __proto__ stays a member', () => {
    const parsed = JSON.parse('{"__proto__":{"isAdmin":true}}') as { readonly [name: string]: object };
    const changed = withMembers(parsed, (value) => value);
    expect(JSON.stringify(changed)).toBe('{"__proto__":{"isAdmin":true}}');
    expect('isAdmin' in changed).toBe(false);
  });
});

describe('definedMembers', () => {
  it('definedMembers leaves out what is undefined, and keeps null and false', () => {
    expect(definedMembers({ name: 'billing', note: null, enabled: false, url: undefined })).toStrictEqual({
      name: 'billing',
      note: null,
      enabled: false,
    });
  });
});
