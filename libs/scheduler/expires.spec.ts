import { describe, expect, it } from 'vitest';

import type { Expirable } from '#core';

import { inOrder } from './expires.js';

class Kind implements Expirable {
  constructor(readonly kind: string) {}

  recordDue = async (): Promise<number> => 0;
}
class List extends Kind {}
class Certificate extends Kind {}

const names = (kinds: readonly Expirable[]): string[] => kinds.map(({ kind }) => kind);

describe('the order of kinds', () => {
  it('kinds that depend on nothing are asked in the order of their names', () => {
    const declared = ['session', 'key', 'list'].map((name) => ({ kind: new Kind(name), before: [] }));
    expect(names(inOrder(declared))).toEqual(['key', 'list', 'session']);
  });

  it('a kind is asked after each that declared to come before it', () => {
    const list = { kind: new List('a list'), before: [] };
    const certificate = { kind: new Certificate('z certificate'), before: [List] };
    expect(names(inOrder([list, certificate]))).toEqual(['z certificate', 'a list']);
  });

  it('kinds that wait for each other stop the start', () => {
    const list = { kind: new List('list'), before: [Certificate] };
    const certificate = { kind: new Certificate('certificate'), before: [List] };
    expect(() => inOrder([list, certificate])).toThrow(/certificate, list/);
  });
});
