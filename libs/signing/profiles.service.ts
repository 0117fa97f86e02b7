import { Injectable } from '@nestjs/common';

import { PublicUrl } from '#config';

import { certificateErrors } from '#certificates';
import {
  type InputError,
  type Json,
  type Page,
  type PageRequest,
  type TenantScope,
  coreErrors,
  definedMembers,
  platformScope,
} from '#core';
import { type AlgorithmName, type PublicJwk, isSameKey, keyFromJwk, uuidv7 } from '#crypto';
import { type Committed, Database, type SeenVersions, type Tx, type View, requireVersion } from '#database';
import { Keys } from '#keys';
import { servicesNaming, withdrawGrant } from '#service-keys';
import { Users, raiseConfigVersion } from '#tenants';
import { Vault, sealedColumn } from '#vault';

import { TokenProfile, TokenProfileOrigin } from './entities.js';
import { profileErrors } from './errors.js';
import { profileEvents } from './events.js';
import { formats } from './formats/index.js';
import { isGranted } from './grants.js';
import { type HolderKey, HolderKeys } from './holder-keys.js';
import { settingsErrors } from './input.js';
import type { ProfileFacts, StoredInput, TokenFormat, VerifyingKey } from './token-format.js';

/** The members of a profile; all but name, format, and key or certificate have defaults. */
export interface NewTokenProfile {
  readonly name: string;
  readonly format: string;
  /** The key that signs; absent in a profile that only verifies with a certificate. */
  readonly keyId?: string | undefined;
  /** The certificate that identifies the key, for formats with certificates. */
  readonly certificateKid?: string | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: readonly string[] | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly maxTtlSeconds?: number | undefined;
  readonly skewSeconds?: number | undefined;
  readonly fixedClaims?: { readonly [name: string]: Json } | undefined;
  readonly allowedClaims?: readonly string[] | undefined;
  readonly requiredClaims?: readonly string[] | undefined;
  /** One of the versions of the format. */
  readonly formatVersion?: string | undefined;
  /** Settings of the format. */
  readonly settings?: { readonly [name: string]: Json } | undefined;
}

export type TokenProfileChange = {
  readonly [Member in Exclude<keyof NewTokenProfile, 'name' | 'format'>]?: NewTokenProfile[Member] | undefined;
};

/** Options to delete a profile that is granted to services by name. */
interface ProfileDeletion {
  /** Also withdraws the grants; requires the caller's password. */
  readonly force?: boolean | undefined;
  readonly password?: string | undefined;
}

/** What a deletion would do, without doing it. */
export interface ProfileDeletionImpact {
  readonly allowed: boolean;
  readonly code: 'PROFILE_IN_USE' | undefined;
  /** Names of the services that were granted the profile by its name. */
  readonly services: readonly string[];
}

/** The issuer URL of a tenant: `<public URL>/v1/tenants/<id>`. */
export const issuerUrl = (publicUrl: string, tenantId: string): string => `${publicUrl}/v1/tenants/${tenantId}`;

const sealedSystemUserTokens = sealedColumn(TokenProfile, {
  purpose: 'system-user-token',
  column: 'sealedSystemUserToken',
});

export const PROFILE_DEFAULTS = { ttlSeconds: 300, maxTtlSeconds: 3_600, skewSeconds: 60 } as const;

@Injectable()
export class TokenProfiles {
  constructor(
    private readonly database: Database,
    private readonly keys: Keys,
    private readonly publicUrl: PublicUrl,
    private readonly holders: HolderKeys,
    private readonly users: Users,
    private readonly vault: Vault,
  ) {}

  /**
   * @throws PROFILE_NAME_TAKEN, NOT_FOUND (key, certificate), KEY_NOT_USABLE, CERTIFICATE_NOT_USABLE,
   * KEY_NOT_OF_CERTIFICATE, KEY_DOES_NOT_SUIT_FORMAT, VALIDATION_ERROR
   */
  async create(scope: TenantScope, request: NewTokenProfile): Promise<Committed<TokenProfile>> {
    const { lifetime = PROFILE_DEFAULTS } = formats.get(request.format) ?? {};
    return this.database.transaction(scope, async (tx) => {
      const ttlSeconds = request.ttlSeconds ?? Math.min(lifetime.ttlSeconds, request.maxTtlSeconds ?? Infinity);
      const profile: TokenProfile = {
        id: uuidv7(tx.now),
        tenantId: scope.tenantId,
        name: request.name,
        format: request.format,
        keyId: request.keyId ?? null,
        certificateKid: request.certificateKid ?? null,
        issuer: request.issuer ?? null,
        audience: request.audience ?? [],
        ttlSeconds,
        maxTtlSeconds: request.maxTtlSeconds ?? Math.max(lifetime.maxTtlSeconds, ttlSeconds),
        skewSeconds: request.skewSeconds ?? PROFILE_DEFAULTS.skewSeconds,
        fixedClaims: request.fixedClaims ?? {},
        allowedClaims: request.allowedClaims ?? [],
        requiredClaims: request.requiredClaims ?? [],
        formatVersion: request.formatVersion ?? null,
        settings: request.settings ?? {},
        ...foundBy(request.settings ?? {}),
        sealedSystemUserToken: null,
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await this.check(tx, profile, ['keyId', 'certificateKid']);
      await tx.insert(TokenProfile, profile, { duplicate: () => profileErrors.PROFILE_NAME_TAKEN() });
      await this.keepOrigins(tx, profile);
      await raiseConfigVersion(tx);
      tx.record(profileEvents.created(profile.id, { after: auditSnapshot(profile) }));
      return profile;
    });
  }

  /** One page, oldest first, optionally filtered by name and key. */
  async list(
    scope: TenantScope,
    { name, keyId }: { readonly name?: string | undefined; readonly keyId?: string | undefined },
    page: PageRequest,
  ): Promise<Page<TokenProfile>> {
    const where = definedMembers({ name, keyId });
    return this.database.read(scope, (view) => view.page(TokenProfile, where, [['id', 'ASC']], page));
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, name: string): Promise<TokenProfile> {
    return this.database.read(scope, (view) => view.get(TokenProfile, { name }));
  }

  /**
   * References are checked only if the change sets them: a profile whose key can no longer sign can still be changed in
   * other ways.
   * @throws as `create`, and PRECONDITION_FAILED
   */
  async change(
    scope: TenantScope,
    name: string,
    change: TokenProfileChange,
    ifMatch: SeenVersions | undefined,
  ): Promise<TokenProfile> {
    const { settings } = change;
    const set: Partial<TokenProfile> = {
      ...definedMembers(change),
      ...(settings === undefined ? {} : foundBy(settings)),
    };
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(TokenProfile, { name });
      const after = { ...before, ...set };
      const references = (['keyId', 'certificateKid'] as const).filter((member) => after[member] !== before[member]);
      await this.check(tx, after, references);
      const changed = await tx.change(TokenProfile, before, { ...set, updatedAt: tx.now }, ifMatch);
      if (settings !== undefined) await this.keepOrigins(tx, changed);
      await raiseConfigVersion(tx);
      tx.record(profileEvents.changed(before.id, { before: auditSnapshot(before), after: auditSnapshot(changed) }));
      return changed;
    });
  }

  /**
   * Deletes a profile. If it is granted to services by name, they could no longer sign: the deletion then requires `force`
   * and the caller's password, and withdraws the grants. A grant of all profiles (`*`) does not prevent it.
   * @throws NOT_FOUND, PRECONDITION_FAILED, PROFILE_IN_USE, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async delete(
    scope: TenantScope,
    name: string,
    { force = false, password }: ProfileDeletion = {},
    ifMatch?: SeenVersions,
  ): Promise<void> {
    await this.get(scope, name);
    if (force) await this.users.confirm(platformScope(scope), 'resource', password);
    await this.database.transaction(scope, async (tx) => {
      const profile = await tx.lock(TokenProfile, { name });
      requireVersion(profile, ifMatch);
      const services = await servicesNaming(tx, name);
      if (services.length > 0 && !force) throw profileErrors.PROFILE_IN_USE(`Granted to ${services.join(', ')}`);
      await withdrawGrant(tx, name);
      await tx.delete(TokenProfileOrigin, { profileId: profile.id });
      await tx.delete(TokenProfile, { id: profile.id });
      await raiseConfigVersion(tx);
      tx.record(profileEvents.deleted(profile.id, { before: auditSnapshot(profile), details: { force, services } }));
    });
  }

  /**
   * Stores the sealed system user token that the profile signs if a service sends none; `null` removes it.
   * @throws NOT_FOUND, WRONG_STATE where the format of the profile signs no such token
   */
  async storeSystemUserToken(scope: TenantScope, name: string, systemUserToken: string | null): Promise<TokenProfile> {
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(TokenProfile, { name });
      if (before.format !== SYSTEM_USER_FORMAT) {
        throw coreErrors.WRONG_STATE(`Only profiles of the format ${SYSTEM_USER_FORMAT} sign system user tokens`);
      }
      const place = sealedSystemUserTokens.place(before.tenantId, before.id);
      const sealedSystemUserToken =
        systemUserToken === null ? null : await this.vault.seal(tx, place, Buffer.from(systemUserToken));
      const changed = await tx.change(TokenProfile, before, { sealedSystemUserToken, updatedAt: tx.now });
      await raiseConfigVersion(tx);
      const event = systemUserToken === null ? profileEvents.system_user_removed : profileEvents.system_user_stored;
      tx.record(event(before.id, { details: { profile: name } }));
      return changed;
    });
  }

  /** A step: the stored input of the profile, used if a service does not send it. */
  async storedInput(view: View, { id, tenantId, sealedSystemUserToken: sealed }: TokenProfile): Promise<StoredInput> {
    if (sealed === null) return {};
    const bytes = await this.vault.open(view, sealedSystemUserTokens.place(tenantId, id), sealed);
    return { systemUserToken: bytes.toString() };
  }

  /** What `delete` would do without `force`; changes nothing. @throws NOT_FOUND */
  async dryRunOfDeletion(scope: TenantScope, name: string): Promise<ProfileDeletionImpact> {
    return this.database.read(scope, async (view) => {
      await view.get(TokenProfile, { name });
      const services = await servicesNaming(view, name);
      const allowed = services.length === 0;
      return { allowed, code: allowed ? undefined : 'PROFILE_IN_USE', services };
    });
  }

  /** A step: the profile with that name, or `null`. */
  async find(view: View, name: string): Promise<TokenProfile | null> {
    return view.findOne(TokenProfile, { name });
  }

  /** A step: the profile and its format, ready to issue or verify. @throws NOT_FOUND */
  async resolve(view: View, name: string): Promise<ResolvedProfile> {
    const profile = await view.get(TokenProfile, { name });
    return { profile, facts: this.factsOf(profile), format: formats.get(profile.format)! };
  }

  /**
   * The only profile of a format that a caller may use.
   * @param grants granted names; `*` means all
   * @throws NOT_FOUND if there is none; PROFILE_NOT_GRANTED; AMBIGUOUS_PROFILE if there are several and no `name`
   */
  async nameOf(scope: TenantScope, format: string, grants: readonly string[], name?: string): Promise<string> {
    const where = { format, ...(name === undefined ? {} : { name }) };
    const found = await this.database.read(scope, (view) => view.find(TokenProfile, where, { limit: CANDIDATES_MAX }));
    const granted = found.filter((profile) => isGranted(grants, profile.name));
    if (granted.length > 1) throw profileErrors.AMBIGUOUS_PROFILE();
    if (granted[0]) return granted[0].name;
    throw found.length > 0 ? profileErrors.PROFILE_NOT_GRANTED() : coreErrors.NOT_FOUND();
  }

  /** A step: copies the origins of the settings into a table for preflights. */
  private async keepOrigins(tx: Tx, { id: profileId, tenantId, settings }: TokenProfile): Promise<void> {
    await tx.delete(TokenProfileOrigin, { profileId });
    for (const origin of new Set((settings['allowedOrigins'] ?? []) as string[])) {
      await tx.insert(TokenProfileOrigin, { id: uuidv7(tx.now), tenantId, profileId, origin });
    }
  }

  private factsOf(profile: TokenProfile): ProfileFacts {
    const { issuer } = profile;
    return { ...profile, statedIssuer: issuer, issuer: issuer ?? issuerUrl(this.publicUrl.current, profile.tenantId) };
  }

  /** @param references the references that the change sets: they must be usable, not only of the right kind */
  private async check(tx: Tx, profile: TokenProfile, references: readonly Reference[]): Promise<void> {
    const format = formats.get(profile.format);
    if (!format) throw unknownFormat();
    const errors = [
      ...keyErrorsOf(profile, format),
      ...lifetimeErrors(profile, format),
      ...issuerErrors(profile, format),
      ...versionErrors(profile, format),
      ...settingsErrors(format.name, profile.settings),
      ...(format.checkProfile?.(this.factsOf(profile)) ?? []),
    ];
    if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
    for (const { algorithm, weak } of await this.keysOf(tx, profile, references)) {
      if (!format.algorithms.includes(algorithm)) {
        throw profileErrors.KEY_DOES_NOT_SUIT_FORMAT(`${format.name} does not sign with ${algorithm}`);
      }
      if (weak && format.strongKeysOnly) {
        throw profileErrors.KEY_DOES_NOT_SUIT_FORMAT(`${format.name} needs a strong key`);
      }
    }
  }

  /**
   * Facts of the key and the certificate of the profile, if it has them.
   * @throws NOT_FOUND, KEY_NOT_USABLE, CERTIFICATE_NOT_USABLE, KEY_NOT_OF_CERTIFICATE, for references that the change sets
   */
  private async keysOf(
    tx: Tx,
    { keyId, certificateKid }: TokenProfile,
    references: readonly Reference[],
  ): Promise<KeyFacts[]> {
    const usable = keyId !== null && references.length > 0 ? await this.keys.lockUsable(tx, keyId) : undefined;
    const key = usable?.key ?? (keyId === null ? undefined : await this.keys.byId(tx, keyId));
    const certified = certificateKid === null ? undefined : (await this.holders.ofProfile(tx, certificateKid))?.key;
    if (certificateKid !== null && references.includes('certificateKid')) requireValid(certified);
    if (usable && typeof certified === 'object') requireSameKey(usable.signing.publicJwk, certified);
    return [
      ...(key ? [key] : []),
      ...(typeof certified === 'object' ? [{ algorithm: certified.algorithm, weak: false }] : []),
    ];
  }
}

/** A member of a profile that refers to another resource of the tenant. */
type Reference = 'keyId' | 'certificateKid';

function requireValid(certified: HolderKey['key'] | undefined): void {
  if (certified === undefined) throw coreErrors.NOT_FOUND();
  if (certified === 'KEY_NOT_USABLE') {
    throw profileErrors.KEY_DOES_NOT_SUIT_FORMAT('No format signs with the key that the certificate is for');
  }
  if (typeof certified === 'string')
    throw profileErrors.CERTIFICATE_NOT_USABLE(`The certificate is not valid: ${certified}`);
}

/** A token names the certificate, so it must be the certificate of the signing key. */
function requireSameKey(signing: PublicJwk | null, { verifyingKey }: VerifyingKey): void {
  if (signing && isSameKey(keyFromJwk(signing), verifyingKey)) return;
  throw certificateErrors.KEY_NOT_OF_CERTIFICATE();
}

interface KeyFacts {
  readonly algorithm: AlgorithmName;
  readonly weak: boolean;
}

export interface ResolvedProfile {
  readonly profile: TokenProfile;
  readonly facts: ProfileFacts;
  readonly format: TokenFormat;
}

const CANDIDATES_MAX = 200;

const unknownFormat = (): Error =>
  coreErrors.VALIDATION_ERROR({
    errors: [{ pointer: '/format', code: 'UNKNOWN_FORMAT', detail: `one of ${[...formats.keys()].join(', ')}` }],
  });

const wrong = (pointer: string, code: string, detail: string): InputError[] => [{ pointer, code, detail }];

function keyErrorsOf({ keyId, certificateKid }: TokenProfile, format: TokenFormat): InputError[] {
  if (certificateKid !== null && !format.certificates) {
    return wrong('/certificateKid', 'NOT_ALLOWED', `${format.name} does not know certificates`);
  }
  return keyId === null && certificateKid === null
    ? wrong('/keyId', 'REQUIRED', 'a key or a certificate is needed')
    : [];
}

function lifetimeErrors({ ttlSeconds, maxTtlSeconds }: TokenProfile, { lifetime }: TokenFormat): InputError[] {
  const longest = lifetime?.maxTtlSeconds ?? Infinity;
  if (maxTtlSeconds > longest) {
    return wrong('/maxTtlSeconds', 'TTL_TOO_LONG', `the recipient accepts at most ${longest} seconds`);
  }
  return ttlSeconds > maxTtlSeconds
    ? wrong('/ttlSeconds', 'TTL_TOO_LONG', `must not be longer than maxTtlSeconds (${maxTtlSeconds})`)
    : [];
}

const issuerErrors = ({ issuer }: TokenProfile, format: TokenFormat): InputError[] =>
  format.issuer === 'required' && issuer === null
    ? wrong('/issuer', 'REQUIRED', `the recipient knows you by the issuer of a ${format.name} token`)
    : [];

const versionErrors = ({ formatVersion }: TokenProfile, { versions = [] }: TokenFormat): InputError[] =>
  formatVersion === null || versions.includes(formatVersion)
    ? []
    : wrong('/version', 'UNKNOWN_VERSION', versions.length > 0 ? `one of ${versions.join(', ')}` : 'there is only one');

const SYSTEM_USER_FORMAT = 'superoffice-system-user';

/** Columns that are copied from the settings for look-ups. */
const foundBy = (settings: { readonly [name: string]: Json }): Pick<TokenProfile, 'trustedIssuer' | 'isPublic'> => ({
  trustedIssuer: (settings['trustedIssuer'] as { readonly issuer?: string } | undefined)?.issuer ?? null,
  isPublic: settings['publicAccess'] !== undefined,
});

/** The columns that an audit event shows. */
const AUDITED = [
  'name',
  'format',
  'keyId',
  'certificateKid',
  'issuer',
  'audience',
  'ttlSeconds',
  'maxTtlSeconds',
  'skewSeconds',
  'fixedClaims',
  'allowedClaims',
  'requiredClaims',
  'formatVersion',
  'settings',
] as const satisfies readonly (keyof TokenProfile)[];

const auditSnapshot = (profile: TokenProfile): Json =>
  Object.fromEntries(AUDITED.map((name) => [name, profile[name] as Json]));
