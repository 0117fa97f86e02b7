import { describe, expect, it } from 'vitest';
import { DomainError, coreErrors, defineErrors } from './errors.js';

const teapot = defineErrors('teapot', { TOO_SHORT: { kind: 'conflict', title: 'The teapot is short' } });

describe('defineErrors', () => {
  it('defineErrors makes errors that know their code, kind and table', () => {
    const error = teapot.TOO_SHORT();
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({
      code: 'TOO_SHORT',
      kind: 'conflict',
      message: 'The teapot is short',
      extensions: {},
    });
    expect(teapot.TOO_SHORT.code).toBe('TOO_SHORT');
    expect(teapot.table).toEqual({ feature: 'teapot', definitions: { TOO_SHORT: error.definition } });
  });

  it('defineErrors takes a sentence or everything about the occurrence', () => {
    const cause = new Error('steam');
    expect(teapot.TOO_SHORT('and stout').message).toBe('and stout');
    const errors = [{ pointer: '/spout', code: 'X', detail: 'y' }];
    expect(teapot.TOO_SHORT({ errors }).message).toBe('/spout y');
    expect(
      teapot.TOO_SHORT({ detail: 'd', errors, retryAfterSeconds: 3, extensions: { handle: 1 }, cause }),
    ).toMatchObject({ message: 'd', errors, retryAfterSeconds: 3, extensions: { handle: 1 }, cause });
  });
});

describe('coreErrors', () => {
  it('the errors of core have stable codes and a title each', () => {
    for (const [code, { title }] of Object.entries(coreErrors.table.definitions)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(title).not.toBe('');
    }
  });
});
