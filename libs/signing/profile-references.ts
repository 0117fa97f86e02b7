import { Global, Injectable, Module } from '@nestjs/common';

import type { Tx, View } from '#database';
import { KeyUsers, type UsersOfKey } from '#keys';
import { TokenProfileNames, servicesGranted } from '#service-keys';

import { TokenProfile } from './entities.js';

/** Tells the keys which profiles sign with them, and for which services. */
@Injectable()
class ProfilesOfKeys extends KeyUsers {
  override async usersOf(view: View, keyId: string): Promise<UsersOfKey> {
    const profiles = (await view.find(TokenProfile, { keyId }, { order: { name: 'ASC' } })).map(({ name }) => name);
    return { profiles, services: await servicesGranted(view, profiles) };
  }
}

/** Tells the services which of the profiles that they name exist. */
@Injectable()
class ProfilesOfServices extends TokenProfileNames {
  override async lock(tx: Tx, names: readonly string[]): Promise<readonly string[]> {
    const locked: string[] = [];
    // In one order: two transactions that lock several rows must not wait for each other.
    for (const name of names.toSorted()) if (await tx.lockIfPresent(TokenProfile, { name })) locked.push(name);
    return locked;
  }
}

/** Answers what the libraries below ask about token profiles. Global, because they cannot import what lies above them. */
@Global()
@Module({
  providers: [
    { provide: KeyUsers, useClass: ProfilesOfKeys },
    { provide: TokenProfileNames, useClass: ProfilesOfServices },
  ],
  exports: [KeyUsers, TokenProfileNames],
})
export class ProfileReferencesModule {}
