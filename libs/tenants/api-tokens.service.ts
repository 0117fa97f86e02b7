import { Injectable } from '@nestjs/common';

import {
  type EpochMilliseconds,
  MINUTE,
  type Page,
  type PageRequest,
  type PlatformScope,
  type Secret,
  type TenantScope,
  coreErrors,
  platformScope,
} from '#core';
import { maskSecret, uuidv7 } from '#crypto';
import { type Committed, Database, IsNull, MoreThan, Not, type Tx, type View } from '#database';

import { AccountSecrets, accountSecretKinds } from './account-secrets.js';
import { requireCidrs } from './allowed-addresses.js';
import { type ApiTokenState, apiTokenStateAt, requireExpiry, requirePermissions } from './api-token.js';
import { ApiToken, Member, ServiceAccount, Tenant, User } from './entities.js';
import { apiTokenErrors } from './errors.js';
import { apiTokenEvents } from './events.js';
import type { Permission } from './permissions.js';
import { RefusedApiTokens } from './refused-api-tokens.service.js';
import { type Role, roleOf } from './roles.js';
import { lockTenant } from './tenants.service.js';
import { Users } from './users.service.js';

export interface NewApiToken {
  readonly name: string;
  readonly permissions: readonly string[];
  readonly expiresAt: EpochMilliseconds;
  readonly allowedCidrs?: readonly string[] | undefined;
  readonly stepUp?: boolean | undefined;
}

/** A new API token with its secret, which only this response contains. */
export interface ApiTokenWithSecret {
  readonly apiToken: ApiToken;
  readonly token: Secret;
}

/** The caller that an API token identifies. Each transaction decides what it may do. */
interface IdentifiedApiToken {
  readonly apiTokenId: string;
  readonly tenantId: string;
  readonly owner: { readonly type: 'user' | 'service_account'; readonly id: string; readonly name: string };
  readonly permissions: readonly Permission[];
}

/** The owner of a new token. */
interface Owner {
  readonly ownerId: string;
  readonly memberId: string | null;
  readonly role: Role;
}

/** Maximum number of usable tokens of one tenant. */
const ACTIVE_MAX = 500;
/** Minimum interval between two records of the use of a token. */
const USE_NOTED_EVERY = MINUTE;

/** Secrets that members and service accounts use without a session. A token is limited by the role of its owner, and always expires. */
@Injectable()
export class ApiTokens {
  constructor(
    private readonly database: Database,
    private readonly secrets: AccountSecrets,
    private readonly users: Users,
    private readonly refusals: RefusedApiTokens,
  ) {}

  /**
   * Creates a token of the calling member.
   * @throws VALIDATION_ERROR, API_TOKEN_LIMIT_REACHED, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async create(
    scope: TenantScope,
    request: NewApiToken,
    password: string | undefined,
  ): Promise<Committed<ApiTokenWithSecret>> {
    return this.make(scope, request, password, async (tx) => {
      const member = await tx.get(Member, { userId: tx.scope.actor.id });
      return { ownerId: member.userId, memberId: member.id, role: member.role };
    });
  }

  /**
   * Creates a token of a service account.
   * @throws NOT_FOUND, VALIDATION_ERROR, API_TOKEN_LIMIT_REACHED, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async createForAccount(
    scope: TenantScope,
    serviceAccountId: string,
    request: NewApiToken,
    password: string | undefined,
  ): Promise<Committed<ApiTokenWithSecret>> {
    return this.make(scope, request, password, async (tx) => {
      const { id, role } = await tx.get(ServiceAccount, { id: serviceAccountId, deletedAt: IsNull() });
      return { ownerId: id, memberId: null, role };
    });
  }

  /** The caller's own tokens; for an owner, all tokens of the tenant. Newest first. */
  async list(
    scope: TenantScope,
    name: string | undefined,
    page: PageRequest,
  ): Promise<Page<ApiToken & { stateNow: ApiTokenState }>> {
    return this.database.read(scope, async (view) => {
      const where = { ...visibleTo(view), ...(name === undefined ? {} : { name }) };
      const { items, nextCursor } = await view.page(ApiToken, where, [['id', 'DESC']], page);
      return { items: items.map((row) => ({ ...row, stateNow: apiTokenStateAt(row, view.now) })), nextCursor };
    });
  }

  /** Revokes one of the caller's tokens; an owner may revoke any token of the tenant. Idempotent. @throws NOT_FOUND */
  async revoke(scope: TenantScope, apiTokenId: string): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const { id } = await tx.get(ApiToken, { ...visibleTo(tx), id: apiTokenId });
      await revokeIn(tx, id);
    });
  }

  /** A step: the token of the tenant with this text, in any state. @param lookupHash by `hashOf` */
  async findIn(view: View, lookupHash: string): Promise<ApiToken | undefined> {
    return (await view.findOne(ApiToken, { lookupHash })) ?? undefined;
  }

  /** The keyed hash of a text with the form of an API token; `undefined` for other texts. Call it before a transaction opens. */
  async hashOf(text: string): Promise<string | undefined> {
    return accountSecretKinds.apiToken.isWellFormed(text) ? this.secrets.lookupHash(text) : undefined;
  }

  /** A step: revokes a leaked token. */
  async revokeIn(tx: Tx, apiTokenId: string): Promise<void> {
    await revokeIn(tx, apiTokenId);
  }

  /**
   * Records that tokens are shown again to the request that created them.
   * @throws GONE if one was revoked or has expired
   */
  async recordRepetition(scope: TenantScope, apiTokenIds: readonly string[]): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      for (const id of apiTokenIds) {
        const token = await tx.findOne(ApiToken, { id });
        if (!token || apiTokenStateAt(token, tx.now) !== 'active') throw coreErrors.GONE();
        tx.record(apiTokenEvents.repeated(id));
      }
    });
  }

  /** Whether a text is an API token rather than the token of a session. */
  isApiToken(text: string): boolean {
    return text.startsWith(accountSecretKinds.apiToken.prefix);
  }

  /**
   * @param scope the identification itself, with the id and the address of the request
   * @param inUrlFor the only permission that a token in a URL may have: logs and programs store URLs
   * @throws INVALID_CREDENTIALS for a token that is unknown, revoked or expired, or holds more than `inUrlFor`
   */
  async identify(scope: PlatformScope, text: string, inUrlFor?: string): Promise<IdentifiedApiToken> {
    const lookupHash = await this.hashOf(text);
    if (lookupHash === undefined) throw rejected();
    const { token, owner, refusal, now } = await this.database.readPlatform(scope, async (view) => {
      const found = await view.findOne(ApiToken, { lookupHash });
      if (!found) throw rejected();
      const refusal = refusalOf(found, apiTokenStateAt(found, view.now), inUrlFor);
      // The history of a deleted tenant receives no more events.
      if (refusal && !(await view.exists(Tenant, { id: found.tenantId, state: Not('deleted') }))) throw rejected();
      return { token: found, owner: await ownerOf(view, found), refusal, now: view.now };
    });
    if (refusal) {
      const { requestId, sourceAddress } = scope;
      await this.refusals.note({ token, actor: owner, code: refusal, requestId, sourceAddress });
      if (refusal !== 'API_TOKEN_TOO_BROAD_FOR_URL') throw rejected();
      throw coreErrors.INVALID_CREDENTIALS(`An API token in a URL may hold ${inUrlFor} and nothing else`);
    }
    if ((token.lastUsedAt ?? 0) + USE_NOTED_EVERY <= now) await this.noteUse(scope, token.id);
    return { apiTokenId: token.id, tenantId: token.tenantId, owner, permissions: token.permissions };
  }

  private async noteUse(scope: PlatformScope, id: string): Promise<void> {
    await this.database.platform(scope, async (tx) => {
      tx.housekeeping('when an API token was last used');
      await tx.note(ApiToken, { id }, { lastUsedAt: tx.now });
    });
  }

  private async make(
    scope: TenantScope,
    request: NewApiToken,
    password: string | undefined,
    ownerIn: (tx: Tx) => Promise<Owner>,
  ): Promise<Committed<ApiTokenWithSecret>> {
    const { name, allowedCidrs = [], stepUp = false, expiresAt } = request;
    requireCidrs(allowedCidrs);
    // Somebody who finds an open session must not be able to create a secret that outlives it.
    // A token that steps up without a person requires more than a password from the person who creates it.
    await this.users.confirm(platformScope(scope), stepUp ? 'unattended' : 'resource', password);
    const token = accountSecretKinds.apiToken.generate();
    const lookupHash = await this.secrets.lookupHash(token.reveal());
    return this.database.transaction(scope, async (tx) => {
      await lockTenant(tx);
      const { ownerId, memberId, role } = await ownerIn(tx);
      const permissions = requirePermissions(request.permissions, role);
      requireExpiry(expiresAt, tx.now);
      const active = await tx.count(ApiToken, { revokedAt: IsNull(), expiresAt: MoreThan(tx.now) });
      if (active >= ACTIVE_MAX) throw apiTokenErrors.API_TOKEN_LIMIT_REACHED();
      const row: ApiToken = {
        id: uuidv7(tx.now),
        tenantId: scope.tenantId,
        name,
        memberId,
        ownerId,
        permissions,
        stepUp,
        allowedCidrs,
        lookupHash,
        tokenMasked: maskSecret(token.reveal()),
        createdBy: tx.scope.actor.id,
        createdAt: tx.now,
        expiresAt,
        lastUsedAt: null,
        revokedAt: null,
        refusedUses: 0,
        lastRefusedAt: null,
      };
      await tx.insert(ApiToken, row);
      const after = { name, ownerId, permissions, stepUp, allowedCidrs, expiresAt };
      tx.record(apiTokenEvents.created(row.id, { credentialId: row.id, after }));
      return { apiToken: row, token };
    });
  }
}

/** The cause of a rejection that the response does not disclose. */
const REFUSALS = { active: undefined, revoked: 'API_TOKEN_REVOKED', expired: 'API_TOKEN_EXPIRED' } as const;

function refusalOf({ permissions }: ApiToken, state: ApiTokenState, inUrlFor: string | undefined) {
  const isTooBroad = inUrlFor !== undefined && permissions.some((held) => held !== inUrlFor);
  return REFUSALS[state] ?? (isTooBroad ? 'API_TOKEN_TOO_BROAD_FOR_URL' : undefined);
}

const rejected = (): Error => coreErrors.INVALID_CREDENTIALS('The API token is unknown, revoked or expired');

const visibleTo = ({ scope }: View) => (roleOf(scope) === 'owner' ? {} : { ownerId: scope.actor.id });

async function revokeIn(tx: Tx, id: string): Promise<void> {
  const revoked = await tx.update(ApiToken, { id, revokedAt: IsNull() }, { revokedAt: tx.now });
  if (revoked > 0) tx.record(apiTokenEvents.revoked(id, { credentialId: id }));
  else tx.housekeeping('a token that was revoked before');
}

async function ownerOf(view: View, { tenantId, memberId, ownerId }: ApiToken): Promise<IdentifiedApiToken['owner']> {
  if (memberId === null) {
    const { id, name } = await view.get(ServiceAccount, { tenantId, id: ownerId });
    return { type: 'service_account', id, name };
  }
  const { id, email } = await view.installation.get(User, { id: ownerId });
  return { type: 'user', id, name: email };
}
