import type { FactorKind } from './factor-kind.js';
import { passkey } from './passkey.js';
import { totp } from './totp.js';

/** The kinds of second factors: adding one is one file and one line. */
export const factorKinds = { totp, passkey } as const satisfies Record<string, FactorKind>;

export type FactorKindName = keyof typeof factorKinds;

export const factorKindNames = Object.keys(factorKinds) as FactorKindName[];
