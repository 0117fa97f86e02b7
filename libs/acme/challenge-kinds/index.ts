import type { ChallengeKind } from './challenge-kind.js';
import { dns01 } from './dns-01.js';
import { http01 } from './http-01.js';

export {
  ATTEMPT_MILLISECONDS_MAX,
  type ChallengeKind,
  type ValidationPaths,
  type ValidationProblem,
} from './challenge-kind.js';

/** Every kind of challenge, by its name in the registry of RFC 8555 §9.7.8. */
export const challengeKinds = {
  'http-01': http01,
  'dns-01': dns01,
} as const satisfies Readonly<Record<string, ChallengeKind>>;

export type ChallengeKindName = keyof typeof challengeKinds;

export const challengeKindNames = Object.keys(challengeKinds) as ChallengeKindName[];

export const isChallengeKind = (text: string): text is ChallengeKindName => Object.hasOwn(challengeKinds, text);
