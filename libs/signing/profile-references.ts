import { Global, Injectable, Module } from '@nestjs/common';

import type { Tx, View } from '#database';
import { type KeyUse, KeyUsers, type UsersOfKey } from '#keys';
import { TokenProfileNames, serviceNames, servicesGranted } from '#service-keys';

import { KeyUseRecord, TokenProfile } from './entities.js';

/** Reports to the keys library which profiles and services use a key. */
@Injectable()
class ProfilesOfKeys extends KeyUsers {
  override async usersOf(view: View, keyId: string): Promise<UsersOfKey> {
    const profiles = (await view.find(TokenProfile, { keyId }, { order: { name: 'ASC' } })).map(({ name }) => name);
    return { profiles, services: await servicesGranted(view, profiles) };
  }

  override async usesOf(view: View, keyId: string, limit: number): Promise<readonly KeyUse[]> {
    const uses = await view.find(KeyUseRecord, { keyId }, { order: { lastUsedAt: 'DESC', id: 'DESC' }, limit });
    const names = await serviceNames(
      view,
      uses.flatMap(({ serviceId }) => serviceId ?? []),
    );
    return uses.map(({ kid, profile, serviceId, tokens, firstUsedAt, lastUsedAt }) => ({
      kid,
      profile,
      tokens,
      firstUsedAt,
      lastUsedAt,
      service: serviceId === null ? null : { id: serviceId, name: names.get(serviceId) ?? serviceId },
    }));
  }
}

/** Reports to the services library which named profiles exist. */
@Injectable()
class ProfilesOfServices extends TokenProfileNames {
  override async lock(tx: Tx, names: readonly string[]): Promise<readonly string[]> {
    const locked: string[] = [];
    // Always in the same order, so that transactions cannot deadlock.
    for (const name of names.toSorted()) if (await tx.lockIfPresent(TokenProfile, { name })) locked.push(name);
    return locked;
  }
}

/** Implements what lower libraries ask about token profiles. Global, because they cannot import a higher library. */
@Global()
@Module({
  providers: [
    { provide: KeyUsers, useClass: ProfilesOfKeys },
    { provide: TokenProfileNames, useClass: ProfilesOfServices },
  ],
  exports: [KeyUsers, TokenProfileNames],
})
export class ProfileReferencesModule {}
