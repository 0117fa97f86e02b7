import type { Resolve } from '#outbound';

/** What a challenge is validated by. */
interface ChallengeFacts {
  /** A DNS name without the label of a wildcard, or an IP address. */
  readonly name: string;
  readonly token: string;
  /** RFC 8555 §8.1. */
  readonly keyAuthorization: string;
}

/** Where the installation looks. */
export interface ValidationPaths {
  /** Networks in CIDR notation that are not public, and may be reached nevertheless. */
  readonly networks: readonly string[];
  readonly httpPort: number;
  /** The addresses of a host. */
  readonly resolve: Resolve;
  /** The texts of TXT records, each in one piece. @throws what `node:dns` throws */
  readonly texts: (name: string) => Promise<readonly string[]>;
  /** How long an attempt may take, from the look-up of the name to the end of the answer. */
  readonly withinMilliseconds: number;
}

/** Why control was not proven: the name of an ACME error (RFC 8555 §6.7), and what it was in words for the client. */
export interface ValidationProblem {
  readonly problem: 'connection' | 'dns' | 'incorrectResponse' | 'unauthorized' | 'serverInternal';
  /** Never anything of what was received. */
  readonly detail: string;
}

/** A way to prove the control of a name. */
export interface ChallengeKind {
  /** Whether it proves the control of all names below (RFC 8555 §7.1.3: of a wildcard). */
  readonly provesWildcards: boolean;
  /** Whether it proves the control of an IP address (RFC 8738). */
  readonly provesAddresses: boolean;
  /** @returns `undefined` where control is proven. Never throws */
  validate(facts: ChallengeFacts, paths: ValidationPaths): Promise<ValidationProblem | undefined>;
}

/** How long an attempt may take in an installation. */
export const ATTEMPT_MILLISECONDS_MAX = 10_000;
