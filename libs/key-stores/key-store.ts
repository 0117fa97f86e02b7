import type { KeyObject } from 'node:crypto';

import { type AlgorithmName, type SignatureScheme, algorithm, algorithmNames } from '#crypto';
import type { Logger } from '#logging';

/** Whose private key it is. Objects of a store are named by both, so that no request of a tenant can name another's. */
export interface StorePlace {
  readonly tenantId: string;
  /** The id of the key version, authority or log key. */
  readonly recordId: string;
}

const NAME = /^chancery-(?<tenantId>[0-9a-f-]{36})-(?<recordId>[0-9a-f-]{36})$/;

/** What a key is named in stores that have names long enough. */
export const placeName = ({ tenantId, recordId }: StorePlace): string => `chancery-${tenantId}-${recordId}`;

/** @returns `undefined` for a name that is none of ours */
export function placeOf(name: string): StorePlace | undefined {
  const { tenantId, recordId } = NAME.exec(name)?.groups ?? {};
  return tenantId && recordId ? { tenantId, recordId } : undefined;
}

/** The algorithms that a store can sign by. @param canSignBy whether it can make signatures of that scheme */
export const algorithmsOf = (canSignBy: (scheme: SignatureScheme) => boolean): AlgorithmName[] =>
  algorithmNames.filter((name) => {
    const { scheme } = algorithm(name);
    return scheme !== undefined && canSignBy(scheme);
  });

/**
 * Where private keys are made, sign, and are destroyed, and which they never leave. What a store rejects of one key is
 * KEY_STORE_UNAVAILABLE; a StoreOutage holds for all of them.
 */
export interface KeyStore {
  /** How many calls it works on at the same time. */
  readonly concurrency: number;
  /** By which algorithms it signs; it proves that the store answers. @throws StoreOutage */
  algorithms(): Promise<readonly AlgorithmName[]>;
  /**
   * Makes a key pair. @returns its public half
   * @throws KEY_STORE_ALGORITHM, StoreOutage
   */
  generate(place: StorePlace, name: AlgorithmName, modulusBits: number | undefined): Promise<KeyObject>;
  /** @returns the signature in the form of RFC 7518 @throws KEY_STORE_ALGORITHM, StoreOutage */
  sign(place: StorePlace, scheme: SignatureScheme, data: Buffer): Promise<Buffer>;
  /** A key that is not there is destroyed already. @throws StoreOutage */
  destroy(place: StorePlace): Promise<void>;
  /** @throws StoreOutage */
  has(place: StorePlace): Promise<boolean>;
  /**
   * All keys that are named as ours, for the doctor; absent where a kind of store cannot tell.
   * @returns `undefined` where we may not ask
   * @throws StoreOutage
   */
  readonly list?: () => Promise<readonly StorePlace[] | undefined>;
  close(): Promise<void>;
}

/** A kind of store: a file of its own, and a line in `store-types.ts`. */
export interface StoreType {
  /** What its URI looks like, for the message that rejects another one. */
  readonly form: string;
  /** The scheme of its URIs. */
  readonly scheme: RegExp;
  /** @throws Error that says what is wrong with a URI; never with a secret */
  check(uri: string): void;
  /**
   * Opens nothing yet: that happens with the first call.
   * @param uri as `check` accepts it
   * @param environment of programs that it starts
   */
  store(uri: string, log: Logger, environment: Readonly<Record<string, string>>): KeyStore;
}
