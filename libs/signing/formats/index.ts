import type { TokenFormat } from '../token-format.js';
import { jwt } from './jwt.js';

/** Every format that a token profile can have: one file, one line here. */
const table: readonly TokenFormat<never>[] = [jwt];

export const formats: ReadonlyMap<string, TokenFormat> = new Map(
  table.map((format) => [format.name, format as unknown as TokenFormat]),
);

export const formatNames: readonly string[] = [...formats.keys()];
