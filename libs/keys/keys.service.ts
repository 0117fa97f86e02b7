import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, type Page, type PageRequest, type TenantScope, coreErrors } from '#core';
import { normalContacts, subjectsOf, writeContacts } from '#contacts';
import { type AlgorithmName, type PublicJwk, RSA_MODULUS_BITS_DEFAULT, type RsaModulusBits, algorithm } from '#crypto';
import {
  type Committed,
  Database,
  In,
  IsNull,
  type Kept,
  LessThan,
  MoreThan,
  Not,
  type RaisedInstant,
  type SeenVersions,
  type Tx,
  type View,
  type Where,
  requireVersion,
  spanAround,
} from '#database';
import { raiseConfigVersion, tenantState } from '#tenants';
import { Vault } from '#vault';

import { Key, KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { keyEvents } from './events.js';
import { insertKey } from './first-version.js';
import { requireRoomForVersion } from './key-quota.js';
import {
  type KeyState,
  type KeyVersionState,
  destroysAt,
  keyLifecycle,
  keyStateAt,
  publishedStates,
  versionStateAt,
} from './lifecycle.js';
import { PrivateHalves } from './private-halves.js';
import { nextRotationAt } from './rotation.js';
import { applyDueSteps } from './due-steps.js';
import { type KeyWithVersions, asOf, withVersions } from './versions.js';

export interface NewKey {
  readonly name: string;
  readonly algorithm: AlgorithmName;
  /** RSA only. */
  readonly modulusBits?: RsaModulusBits | undefined;
  readonly exportable?: boolean | undefined;
  readonly rotateEverySeconds?: number | undefined;
  /** E-mail addresses of its contacts. */
  readonly contacts?: readonly string[] | undefined;
  /** Name of the key store that creates the private key and never releases it. */
  readonly keyStore?: string | undefined;
}

/** Changes to a key; absent members keep their values. */
export interface KeyChange {
  readonly name?: string | undefined;
  /** `null` removes the rotation schedule. */
  readonly rotateEverySeconds?: number | null | undefined;
  /** Only `false` has an effect: a key cannot become exportable later. */
  readonly exportable?: boolean | undefined;
  readonly contacts?: readonly string[] | undefined;
}

/** Selects keys; absent members do not restrict. */
interface KeySelection {
  /** One of its contacts. */
  readonly owner?: string | undefined;
  /** The whole name; of a deleted key, its former name. */
  readonly name?: string | undefined;
  /** The effective state. Destroyed keys are listed only if this selects them. */
  readonly state?: KeyState | undefined;
  readonly algorithm?: AlgorithmName | undefined;
  /** The next version is due before this instant. */
  readonly rotatesBefore?: EpochMilliseconds | undefined;
  /** It has signed no token since; an unused key counts from its creation. */
  readonly unusedSince?: EpochMilliseconds | undefined;
}

/** Number of rows in each read. All rows are read; the quota of the tenant limits them. */
const VERSIONS_PER_READ = 500;
const JWKS_MAX = 5_000;

/** A JWK Set (RFC 7517 §5). */
export interface JsonWebKeys {
  readonly keys: readonly PublicJwk[];
}

@Injectable()
export class Keys {
  readonly #jwks: Kept<JsonWebKeys>;

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly halves: PrivateHalves,
  ) {
    this.#jwks = database.keep('published keys', JWKS_MAX);
  }

  /**
   * Creates a key. Its first version is active immediately: no client depends on a cached JWKS without it.
   * @throws KEY_NAME_TAKEN, KEY_LIMIT_REACHED, BUSY; KEY_NOT_EXPORTABLE, KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM,
   *   KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY for one in a key store
   */
  async generate(scope: TenantScope, request: NewKey): Promise<Committed<KeyWithVersions>> {
    const { exportable = false, keyStore = null } = request;
    if (exportable && keyStore !== null) throw keyErrors.KEY_NOT_EXPORTABLE('A key store keeps what is made in it');
    const isRsa = algorithm(request.algorithm).kind === 'rsa';
    const modulusBits = isRsa ? (request.modulusBits ?? RSA_MODULUS_BITS_DEFAULT) : undefined;
    await this.database.read(scope, requireRoomForVersion);
    const wanted = { keyStore, algorithm: request.algorithm, modulusBits };
    return this.halves.with(scope, wanted, (half) =>
      this.database.transaction(scope, async (tx) => {
        const { key, version } = await insertKey(tx, this.vault, {
          name: request.name,
          algorithm: request.algorithm,
          modulusBits: modulusBits ?? null,
          secretEncoding: null,
          origin: 'generated',
          exportable,
          weak: false,
          rotateEverySeconds: request.rotateEverySeconds ?? null,
          contacts: normalContacts(request.contacts ?? []),
          half,
        });
        const { id, name, rotateEverySeconds } = key;
        const after = {
          name,
          algorithm: key.algorithm,
          exportable,
          rotateEverySeconds,
          contacts: key.contacts ?? [],
          ...(keyStore === null ? {} : { keyStore }),
        };
        tx.record(keyEvents.generated(id, { kid: version.kid, after }));
        return { key, versions: [version] };
      }),
    );
  }

  /** One page, oldest first. It can have fewer keys than its limit, because states depend on the clock. */
  async list(scope: TenantScope, selection: KeySelection, page: PageRequest): Promise<Page<Key>> {
    const isMeant = ({ state }: Key): boolean =>
      selection.state === undefined ? state !== 'destroyed' : state === selection.state;
    return this.database.read(scope, async (view) => {
      const { owner } = selection;
      const owned = owner === undefined ? {} : { id: In(await subjectsOf(view, 'key', owner)) };
      const { items, nextCursor } = await view.page(Key, rowsOf(selection, owned), [['id', 'ASC']], page);
      const shown = items.map((key) => ({ ...key, state: keyStateAt(key, view.now) })).filter(isMeant);
      return { items: shown, nextCursor };
    });
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, keyId: string): Promise<KeyWithVersions> {
    return this.database.read(scope, async (view) => asOf(await withVersions(view, keyId), view.now));
  }

  /**
   * Changes the name, the rotation schedule or the contacts, or makes the private key non-exportable. A new schedule counts
   * from the instant at which the newest version started or will start to sign; if the result is past, the key is due now.
   * @throws NOT_FOUND, WRONG_STATE (deleted), PRECONDITION_FAILED, KEY_NAME_TAKEN, KEY_EXPORTABILITY_FIXED
   */
  async change(scope: TenantScope, keyId: string, change: KeyChange, ifMatch?: SeenVersions): Promise<KeyWithVersions> {
    return this.database.transaction(scope, async (tx) => {
      const key = await tx.lock(Key, { id: keyId });
      requireVersion(key, ifMatch);
      if (keyStateAt(key, tx.now) !== 'active') throw coreErrors.WRONG_STATE('The key is deleted');
      const { name = key.name, rotateEverySeconds = key.rotateEverySeconds, exportable = key.exportable } = change;
      if (exportable && !key.exportable) throw keyErrors.KEY_EXPORTABILITY_FIXED();
      if (name !== key.name && (await tx.exists(Key, { liveName: name, id: Not(keyId) }))) {
        throw keyErrors.KEY_NAME_TAKEN();
      }
      const contacts = change.contacts ? normalContacts(change.contacts) : key.contacts;
      const wanted = { name, rotateEverySeconds, exportable, contacts };
      const before = differing(key, wanted);
      const after = differing(wanted, key);
      if (Object.keys(after).length > 0) {
        const rescheduled =
          rotateEverySeconds === key.rotateEverySeconds
            ? {}
            : { nextRotationAt: await nextRotation(tx, key, rotateEverySeconds) };
        await tx.change(Key, key, { ...after, liveName: name, ...rescheduled, updatedAt: tx.now });
        if (after.contacts) await writeContacts(tx, { type: 'key', id: keyId }, after.contacts);
        await raiseConfigVersion(tx);
        tx.record(keyEvents.changed(keyId, { before, after }));
      }
      return asOf(await withVersions(tx, keyId), tx.now);
    });
  }

  /** A step: the key, also a deleted one. @throws NOT_FOUND */
  byId(view: View, keyId: string): Promise<Key> {
    return view.get(Key, { id: keyId });
  }

  /**
   * A step: locks a key that a new row will refer to, and reads the version that signs now. The key cannot be deleted until
   * this transaction ends.
   * @throws NOT_FOUND where it does not exist or is deleted, KEY_NOT_USABLE where no version signs
   */
  async lockUsable(tx: Tx, keyId: string): Promise<{ key: Key; signing: KeyVersion }> {
    const key = await tx.lock(Key, { id: keyId });
    if (keyStateAt(key, tx.now) !== 'active') throw coreErrors.NOT_FOUND();
    const versions = await tx.find(KeyVersion, { keyId, state: In([...publishedStates]) });
    const signing = versions.find((version) => versionStateAt(version, tx.now) === 'active');
    if (!signing) throw keyErrors.KEY_NOT_USABLE();
    return { key, signing };
  }

  /** Records the expiry of each issued token: a version is destroyed only after its last token has expired. */
  issueNote(versionId: string, expiresAt: EpochMilliseconds): RaisedInstant {
    return { entity: KeyVersion, id: versionId, column: 'lastTokenExpiresAt', to: expiresAt };
  }

  /** A step: records when the key signed; a later use from another instance is kept. */
  async noteUse(tx: Tx, keyId: string, lastUsedAt: EpochMilliseconds): Promise<void> {
    const earlier = [IsNull(), LessThan(lastUsedAt), MoreThan(tx.now)];
    await tx.note(
      Key,
      earlier.map((before) => ({ id: keyId, lastUsedAt: before })),
      { lastUsedAt },
    );
  }

  /**
   * The tenant's public keys (RFC 7517 §5), in a stable order: oldest first. They are cached, and the
   * configuration version is read before each answer: a change on another instance is effective from its commit.
   * @returns the same object as long as nothing changes
   * @throws NOT_FOUND where the tenant is deleted, DATABASE_UNAVAILABLE, BUSY
   */
  async jwks({ tenantId }: Pick<TenantScope, 'tenantId'>): Promise<JsonWebKeys> {
    const read = async (view: View) => {
      if ((await tenantState(view, tenantId)) === 'deleted') throw coreErrors.NOT_FOUND();
      const { keys, instants } = await published(view);
      return { value: { keys }, ...spanAround(view.now, instants) };
    };
    const { value } = await this.database.confirming(tenantId, () => this.#jwks.get(tenantId, 'jwks', read));
    return value;
  }
}

/** The rows that can match the selection: the stored state of a row may lag behind the clock. */
function rowsOf(selection: KeySelection, owned: { readonly id?: ReturnType<typeof In<string>> }): Where<Key> {
  const { name, state, algorithm: named, rotatesBefore, unusedSince } = selection;
  const where = {
    ...owned,
    state: state === undefined ? Not<KeyState>('destroyed') : In(keyLifecycle.recordedAs(state)),
    ...(name === undefined ? {} : { name }),
    ...(named === undefined ? {} : { algorithm: named }),
    ...(rotatesBefore === undefined ? {} : { nextRotationAt: LessThan(rotatesBefore) }),
  };
  if (unusedSince === undefined) return where;
  return [
    { ...where, lastUsedAt: LessThan(unusedSince) },
    { ...where, lastUsedAt: IsNull(), createdAt: LessThan(unusedSince) },
  ];
}

type ChangedMembers = Pick<Key, 'name' | 'rotateEverySeconds' | 'exportable' | 'contacts'>;

/** The members of `one` that differ from the other's, for an audit event. */
function differing(one: ChangedMembers, other: ChangedMembers): Partial<ChangedMembers> {
  const { name, rotateEverySeconds, exportable } = one;
  const [contacts, others] = [one.contacts ?? [], other.contacts ?? []];
  return {
    ...(name === other.name ? {} : { name }),
    ...(rotateEverySeconds === other.rotateEverySeconds ? {} : { rotateEverySeconds }),
    ...(exportable === other.exportable ? {} : { exportable }),
    ...(contacts.join() === others.join() ? {} : { contacts }),
  };
}

/** Under the lock of the key. `null` if no version signs or will sign: the schedule has no start. */
async function nextRotation(tx: Tx, key: Key, rotateEverySeconds: number | null): Promise<EpochMilliseconds | null> {
  const newest = (await applyDueSteps(tx, key.id)).find(({ state }) => state === 'pending' || state === 'active');
  const { symmetric } = algorithm(key.algorithm);
  return newest ? nextRotationAt(newest.activatesAt!, rotateEverySeconds, symmetric) : null;
}

async function published(view: View) {
  const states: readonly KeyVersionState[] = publishedStates;
  const keys: PublicJwk[] = [];
  const instants: (EpochMilliseconds | null)[] = [];
  for (let last = ''; ;) {
    const versions = await view.find(
      KeyVersion,
      { state: In([...publishedStates]), id: MoreThan(last) },
      { order: { id: 'ASC' }, limit: VERSIONS_PER_READ },
    );
    const ofKeys = In([...new Set(versions.map(({ keyId }) => keyId))]);
    const live = new Set((await view.find(Key, { id: ofKeys, state: 'active' })).map(({ id }) => id));
    for (const version of versions) {
      if (!version.publicJwk || !live.has(version.keyId)) continue;
      instants.push(version.activatesAt, version.retiresAt, destroysAt(version));
      if (states.includes(versionStateAt(version, view.now))) keys.push(version.publicJwk);
    }
    if (versions.length < VERSIONS_PER_READ) return { keys, instants };
    last = versions.at(-1)!.id;
  }
}
