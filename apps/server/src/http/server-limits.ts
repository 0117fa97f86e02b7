import { defaultOf, settings } from '#config';
import { MINUTE, SECOND } from '#core';

/** Bounds on what requests and connections may take. */
export interface ServerLimits {
  readonly bodyBytes: number;
  readonly headerBytes: number;
  readonly pathParameterCharacters: number;
  readonly connections: number;
  /** Of one source address that is no trusted proxy. */
  readonly connectionsPerAddress: number;
  readonly requestsPerConnection: number;
  readonly requestMilliseconds: number;
  readonly headersMilliseconds: number;
  /** How often the two above are checked. */
  readonly checkEveryMilliseconds: number;
  readonly keepAliveMilliseconds: number;
  /** A connection on which nothing moves, such as one whose client does not read its answer. */
  readonly idleMilliseconds: number;
}

export const SERVER_LIMITS: ServerLimits = {
  bodyBytes: 64 * 1024,
  headerBytes: 16 * 1024,
  pathParameterCharacters: 512,
  connections: defaultOf(settings.connectionsMax),
  connectionsPerAddress: defaultOf(settings.connectionsPerAddressMax),
  requestsPerConnection: 10_000,
  requestMilliseconds: 15 * SECOND,
  headersMilliseconds: 10 * SECOND,
  checkEveryMilliseconds: SECOND,
  keepAliveMilliseconds: 5 * SECOND,
  idleMilliseconds: MINUTE,
};
