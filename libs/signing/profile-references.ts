import { Global, Injectable, Module } from '@nestjs/common';

import type { Tx, View } from '#database';
import { type KeyUse, KeyUsers, type UsersOfKey } from '#keys';
import { TokenProfileNames, serviceNames, servicesGranted } from '#service-keys';

import { KeyUseRecord, TokenProfile } from './entities.js';

/** Tells the keys which profiles sign with them and for which services, and which did. */
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
