import { Inject, Injectable } from '@nestjs/common';

import { cancelErasure, planErasure, type retentionSettings } from '#audit';
import { CONFIGURATION, type SettingValues } from '#config';

import {
  INSTALLATION_ID,
  type Json,
  type Page,
  type PageRequest,
  type PlatformScope,
  type TenantScope,
  coreErrors,
  isUuid,
  normalizeEmail,
  platformScope,
} from '#core';
import { uuidv7 } from '#crypto';
import {
  type Committed,
  type ConfigurationCheck,
  Database,
  In,
  Not,
  type SeenVersions,
  type Tx,
  type View,
} from '#database';
import { Mails } from '#mail';
import { releaseObjectsOf } from '#key-stores';
import { Vault } from '#vault';

import { AccountMails } from './account-mails.js';
import { Member, Session, Tenant, User } from './entities.js';
import { accountErrors, sessionErrors, tenantErrors } from './errors.js';
import { memberEvents, tenantEvents } from './events.js';
import { ownerAddresses } from './owner-addresses.js';
import { type TenantState, tenantLifecycle } from './tenant-lifecycle.js';
import {
  type TenantSettings,
  checkSettings,
  effectiveSettings,
  erasesBodiesEarlier,
  erasesEarlier,
  keepsBodies,
  tenantSettings,
} from './tenant-settings.js';
import type { Permission } from './permissions.js';
import { type NewUser, Users } from './users.service.js';

export interface NewTenant {
  readonly slug: string;
  readonly name: string;
  /** Their account is created with the tenant, and only this tenant knows it. Without it, an owner is invited afterwards. */
  readonly owner?: { readonly email: string; readonly name: string; readonly password: string } | undefined;
}

export interface TenantChange {
  readonly name?: string | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** The caller's password or a step-up, for settings that erase parts of the history earlier. */
  readonly password?: string | undefined;
}

const CONFIRMATION_ABSENT = { pointer: '/confirm', code: 'REQUIRED', detail: 'is required' };

@Injectable()
export class Tenants {
  readonly #retentionMinimumDays: number;

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly users: Users,
    private readonly mails: Mails,
    private readonly accountMails: AccountMails,
    @Inject(CONFIGURATION) { historyRetentionMinimumDays }: SettingValues<typeof retentionSettings>,
  ) {
    this.#retentionMinimumDays = historyRetentionMinimumDays;
  }

  /**
   * Creates a tenant with its data key and, if the request names one, its first owner.
   * @throws SLUG_TAKEN, USER_EXISTS if a verified account has the address (invite it instead), VALIDATION_ERROR
   */
  async create(scope: PlatformScope, tenant: NewTenant): Promise<Committed<Tenant>> {
    const owner = tenant.owner && (await this.newOwner(scope, tenant.owner));
    return this.database.platform(scope, async (tx) => {
      const row: Tenant = {
        id: uuidv7(tx.now),
        slug: tenant.slug,
        name: tenant.name,
        state: 'active',
        settings: {},
        configVersion: 1,
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
        deletedAt: null,
      };
      await tx.insert(Tenant, row, { duplicate: () => tenantErrors.SLUG_TAKEN() });
      await this.vault.createDataKey(tx, row.id);
      const after = { slug: row.slug, name: row.name };
      // Recorded in the installation's history, and as the first event of the tenant's own history.
      tx.record(tenantEvents.created(row.id, { after }));
      tx.record(tenantEvents.created(row.id, { after, tenantId: row.id }));
      if (owner) await this.addOwner(tx, row.id, owner);
      return row;
    });
  }

  /** @throws USER_EXISTS, VALIDATION_ERROR, BUSY */
  private async newOwner(scope: PlatformScope, { email, name, password }: NonNullable<NewTenant['owner']>) {
    const address = normalizeEmail(email);
    const verified = { email: address, knownIn: INSTALLATION_ID };
    const exists = await this.database.readPlatform(scope, (view) => view.installation.exists(User, verified));
    if (exists) throw accountErrors.USER_EXISTS();
    const passwordHash = await this.users.hashNewPassword(scope, password, '/owner/password');
    return { email: address, name, passwordHash };
  }

  private async addOwner(tx: Tx, tenantId: string, owner: NewUser): Promise<void> {
    const user = await this.users.create(tx, { ...owner, knownIn: tenantId });
    const member: Member = {
      id: uuidv7(tx.now),
      tenantId,
      userId: user.id,
      role: 'owner',
      identityProviderId: null,
      version: 1,
      createdAt: tx.now,
      updatedAt: tx.now,
    };
    await tx.insert(Member, member);
    tx.record(memberEvents.added(user.id, { after: { email: user.email, role: 'owner' }, tenantId }));
  }

  async list(scope: PlatformScope, page: PageRequest): Promise<Page<Tenant>> {
    return this.database.readPlatform(scope, (view) =>
      view.page(Tenant, { state: Not('deleted') }, [['id', 'ASC']], page),
    );
  }

  async get(scope: TenantScope): Promise<Tenant> {
    return this.database.read(scope, (view) => view.get(Tenant, { id: scope.tenantId }));
  }

  /**
   * @param requireSignIns the step that checks that all members can sign in without a password
   * @throws VALIDATION_ERROR for settings outside their bounds, PRECONDITION_FAILED, COMPANY_SIGN_IN_UNPROVEN; whatever the step
   *   throws
   */
  async change(
    scope: TenantScope,
    change: TenantChange,
    ifMatch: SeenVersions | undefined,
    requireSignIns: (view: View) => Promise<void> = async () => undefined,
  ): Promise<Tenant> {
    if (change.settings) checkSettings(change.settings);
    this.checkRetention(change.settings);
    const isConfirmed = await this.confirmErasure(scope, change);
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(Tenant, { id: scope.tenantId });
      await changeTenant(tx, change, ifMatch, isConfirmed);
      if (erasesBodiesEarlier(before.settings, change.settings)) await this.planErasure(tx, scope.tenantId);
      else if (keepsBodies({ ...before.settings, ...change.settings })) await cancelErasure(tx, scope.tenantId);
      if (change.settings?.['passwordSignIn'] === 'none') await requireSignIns(tx);
      return this.refreshed(tx, scope.tenantId);
    });
  }

  /**
   * Permits members to sign in with passwords again, for a tenant whose identity provider fails. Only the command line of the
   * host offers this: a person who can run it can read the database as well.
   * @param slug of a tenant that is not deleted
   * @throws NOT_FOUND
   */
  async allowPasswords(scope: PlatformScope, slug: string): Promise<void> {
    await this.database.platform(scope, async (tx) => {
      const { id } = await tx.get(Tenant, { slug, state: Not<TenantState>('deleted') });
      const before = await tx.lock(Tenant, { id });
      const settings = { ...before.settings, passwordSignIn: tenantSettings.passwordSignIn.default };
      const after = await tx.change(Tenant, before, { settings, updatedAt: tx.now });
      await raiseConfigVersion(tx, id);
      const content = { before: auditSnapshot(before), after: auditSnapshot(after) };
      tx.record(tenantEvents.changed(id, { ...content, tenantId: id }));
    });
  }

  /** @throws NOT_FOUND, WRONG_STATE */
  async suspend(scope: PlatformScope, tenantId: string): Promise<Committed<Tenant>> {
    return this.move(scope, tenantId, 'suspend');
  }

  /** @throws NOT_FOUND, WRONG_STATE */
  async reactivate(scope: PlatformScope, tenantId: string): Promise<Committed<Tenant>> {
    return this.move(scope, tenantId, 'reactivate');
  }

  /**
   * Deletes a tenant: destroys its data key, and with it every secret of the tenant. The history and its hashes remain.
   * @throws VALIDATION_ERROR, PASSWORD_REQUIRED, PASSWORD_INVALID, CONFIRMATION_MISMATCH, NOT_FOUND, WRONG_STATE
   */
  async delete(
    scope: PlatformScope,
    tenantId: string,
    proof: { password: string | undefined; confirm: string | undefined },
  ): Promise<void> {
    const { slug } = await this.database.readPlatform(scope, (view) => view.get(Tenant, { id: tenantId }));
    const { confirm = scope.dryRun ? slug : undefined } = proof;
    if (confirm === undefined) throw coreErrors.VALIDATION_ERROR({ errors: [CONFIRMATION_ABSENT] });
    if (confirm !== slug) throw tenantErrors.CONFIRMATION_MISMATCH(`\`confirm\` must be ${slug}`);
    await this.users.confirm(scope, 'resource', proof.password);
    await this.database.platform(scope, async (tx) => {
      await tx.transition(Tenant, await tx.lock(Tenant, { id: tenantId }), tenantLifecycle.event.delete);
      await raiseConfigVersion(tx, tenantId);
      await this.vault.destroyDataKeys(tx, tenantId);
      await releaseObjectsOf(tx, tenantId);
      await this.mails.drop(tx, tenantId);
    });
  }

  /** @throws VALIDATION_ERROR for a retention period shorter than the operator permits */
  private checkRetention(settings: TenantChange['settings']): void {
    const days = settings?.['historyRetentionDays'];
    if (typeof days !== 'number' || days === 0 || days >= this.#retentionMinimumDays) return;
    const detail = `0, or at least ${this.#retentionMinimumDays} days, is expected: this installation keeps every history for this long`;
    throw coreErrors.VALIDATION_ERROR({
      errors: [{ pointer: '/settings/historyRetentionDays', code: 'INVALID_SETTING', detail }],
    });
  }

  /** A step: sets when the erasure begins, and tells the owners, so that a stolen session cannot erase events unnoticed. */
  private async planErasure(tx: Tx, tenantId: string): Promise<void> {
    const tenant = await tx.get(Tenant, { id: tenantId });
    const { historyRetentionDays } = effectiveSettings(tenant.settings);
    const beginsAt = await planErasure(tx, tenantId, historyRetentionDays);
    if (!this.accountMails.areSent) return;
    const recipients = await ownerAddresses(tx, tenantId);
    await this.accountMails.tellErasure(tx, tenant, recipients, { historyRetentionDays, beginsAt });
  }

  /** Settings that erase earlier require the same permission and step-up as an erasure. @returns whether the caller has both */
  private async confirmErasure(scope: TenantScope, { settings, password }: TenantChange): Promise<boolean> {
    if (settings === undefined) return false;
    const before = await this.database.read(scope, (view) => view.get(Tenant, { id: scope.tenantId }));
    if (!erasesEarlier(before.settings, settings)) return false;
    await this.database.read(withPermission(scope, 'history:erase'), async () => undefined);
    await this.users.confirm(platformScope(scope), 'resource', password);
    return true;
  }

  private async move(
    scope: PlatformScope,
    tenantId: string,
    name: 'suspend' | 'reactivate',
  ): Promise<Committed<Tenant>> {
    return this.database.platform(scope, async (tx) => {
      await tx.transition(Tenant, await tx.lock(Tenant, { id: tenantId }), tenantLifecycle.event[name]);
      await raiseConfigVersion(tx, tenantId);
      await (name === 'suspend' ? this.mails.hold(tx, tenantId) : this.mails.release(tx, tenantId));
      return this.refreshed(tx, tenantId);
    });
  }

  private refreshed(tx: Tx, tenantId: string): Promise<Tenant> {
    return tx.get(Tenant, { id: tenantId });
  }
}

/** The scope of the same caller with another permission, which each read and each transaction checks. */
const withPermission = (scope: TenantScope, permission: Permission): TenantScope => {
  const { evidence } = scope;
  return evidence?.kind === 'session' || evidence?.kind === 'api-token'
    ? { ...scope, evidence: { ...evidence, permission } }
    : scope;
};

/**
 * A step that changes the tenant of the scope; the settings have passed `checkSettings`.
 * @param mayEraseEarlier whether the caller has stepped up for settings that erase earlier
 * @throws PRECONDITION_FAILED, COMPANY_SIGN_IN_UNPROVEN, PASSWORD_REQUIRED
 */
export async function changeTenant(
  tx: Tx,
  { name, settings }: TenantChange,
  ifMatch?: SeenVersions,
  mayEraseEarlier = false,
): Promise<void> {
  const before = await tx.lock(Tenant, { id: tx.scope.tenantId });
  // Another request may have changed the setting after the first check.
  if (!mayEraseEarlier && erasesEarlier(before.settings, settings)) throw sessionErrors.PASSWORD_REQUIRED();
  await requireProvenSignIn(tx, settings);
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(settings === undefined ? {} : { settings: { ...before.settings, ...settings } }),
  };
  const after = await tx.change(Tenant, before, { ...set, updatedAt: tx.now }, ifMatch);
  await raiseConfigVersion(tx);
  tx.record(tenantEvents.changed(before.id, { before: auditSnapshot(before), after: auditSnapshot(after) }));
}

/**
 * Only a session that began without a password may exclude passwords: otherwise a wrong change could lock out all members.
 * @throws COMPANY_SIGN_IN_UNPROVEN
 */
async function requireProvenSignIn(tx: Tx, settings: TenantChange['settings']): Promise<void> {
  const { evidence } = tx.scope;
  if (settings?.['passwordSignIn'] !== 'none' || evidence === undefined) return;
  const session = evidence.kind === 'session' && (await tx.installation.findOne(Session, { id: evidence.sessionId }));
  if (!session || session.identityProviderId === null) throw sessionErrors.COMPANY_SIGN_IN_UNPROVEN();
}

/**
 * A step of every change that affects what is signed or who is accepted: other instances see by the number that their caches
 * are stale.
 */
export async function raiseConfigVersion(tx: Tx, tenantId: string = tx.scope.tenantId): Promise<void> {
  await tx.increment(Tenant, { id: tenantId }, 'configVersion');
}

/** A step: locks the tenant, so that no other transaction uses its quotas until this one ends. @throws NOT_FOUND */
export async function lockTenant(tx: Tx): Promise<void> {
  await tx.lock(Tenant, { id: tx.scope.tenantId });
}

/**
 * The configuration versions of tenants. Prepared work is decided under a version before its transaction. It is still valid if
 * the transaction, which prevents changes of the version, reads the same one.
 */
export const configurationNumbers: ConfigurationCheck = (view, tenantIds) =>
  view.holdNumbers(Tenant, tenantIds, 'configVersion');

const auditSnapshot = ({ name, settings }: Tenant) => ({
  name,
  settings: settings as { readonly [name: string]: Json },
});

/** The tenant with an id or slug, in any state, or `undefined`. */
export async function tenantNamed(
  view: View,
  name: string,
): Promise<{ readonly id: string; readonly state: TenantState } | undefined> {
  return (await view.findOne(Tenant, isUuid(name) ? { id: name } : { slug: name })) ?? undefined;
}

/**
 * A step of platform work: locks the tenant's row before any other row of the tenant.
 * @throws NOT_FOUND, TENANT_SUSPENDED
 */
export async function holdActiveTenant(view: View, tenantId: string): Promise<void> {
  const tenant = await view.hold(Tenant, { id: tenantId }, 'exclusive');
  if (tenant?.state === 'suspended') throw tenantErrors.TENANT_SUSPENDED();
  if (tenant?.state !== 'active') throw coreErrors.NOT_FOUND();
}

/** The effective settings of the tenant of the scope. */
export async function tenantSettingsOf(view: View): Promise<TenantSettings> {
  return effectiveSettings((await view.get(Tenant, { id: view.scope.tenantId })).settings);
}

/** The same for several tenants, without deleted ones. */
export async function settingsOfTenants(
  view: View,
  tenantIds: readonly string[],
): Promise<ReadonlyMap<string, TenantSettings>> {
  const tenants = await view.find(Tenant, { id: In([...new Set(tenantIds)]), state: Not('deleted') });
  return new Map(tenants.map(({ id, settings }) => [id, effectiveSettings(settings)]));
}

/** The slug and the effective settings of the tenant of the scope, in one statement. */
export async function slugAndSettingsOf(
  view: View,
): Promise<{ readonly slug: string; readonly settings: TenantSettings }> {
  const { slug, settings } = await view.get(Tenant, { id: view.scope.tenantId });
  return { slug, settings: effectiveSettings(settings) };
}

/** A step: the name and state of a tenant. @throws NOT_FOUND */
export async function tenantNameOf(view: View, tenantId: string): Promise<Pick<Tenant, 'slug' | 'name' | 'state'>> {
  return view.get(Tenant, { id: tenantId });
}

/** The state of any tenant; a missing one counts as deleted. */
export async function tenantState(view: View, tenantId: string): Promise<TenantState> {
  return (await view.findOne(Tenant, { id: tenantId }))?.state ?? 'deleted';
}
