import type { View } from '#database';
import { KeyUsers, type UsersOfKey } from '#keys';
import { servicesGranted } from '#service-keys';

import { TokenProfile } from './entities.js';

/** Tells the keys below which profiles sign with them, and for which services. */
export class ProfilesOfKeys extends KeyUsers {
  override async usersOf(view: View, keyId: string): Promise<UsersOfKey> {
    const profiles = (await view.find(TokenProfile, { keyId }, { order: { name: 'ASC' } })).map(({ name }) => name);
    return { profiles, services: await servicesGranted(view, profiles) };
  }
}
