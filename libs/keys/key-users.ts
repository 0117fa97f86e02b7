import type { View } from '#database';

/** Who would notice that a key signs no more. */
export interface UsersOfKey {
  /** Names of the token profiles that sign with it. */
  readonly profiles: readonly string[];
  /** Names of the services that were granted one of those profiles. */
  readonly services: readonly string[];
}

/** What depends on a key stands above this library; it answers here. */
export abstract class KeyUsers {
  abstract usersOf(view: View, keyId: string): Promise<UsersOfKey>;
}
