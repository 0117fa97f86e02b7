import { expect } from 'vitest';

/** For `toThrow`: any error with this code, whatever its words. */
export const withCode = (code: string): Error => expect.objectContaining({ code }) as unknown as Error;
