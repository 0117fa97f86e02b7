import { Injectable } from '@nestjs/common';

import { PublicUrl } from '#config';
import {
  INSTALLATION_ID,
  type InputError,
  type Page,
  type PageRequest,
  type PlatformScope,
  Secret,
  type TenantScope,
  coreErrors,
  definedMembers,
  platformScope,
  systemOrigin,
} from '#core';
import { uuidv7 } from '#crypto';
import { type Committed, Database, type SeenVersions, type Tx, type View, requireVersion } from '#database';
import { Issuers } from '#issuers';
import { Users, endSessionsOfProvider, releaseProvidedMembers } from '#tenants';
import { Vault, sealedColumn } from '#vault';

import { membersLeftOut, membersWithoutProvider, noneLeftOut, providersOfInstallation } from './company-sign-ins.js';
import { Identity, IdentityProvider, ProviderSignIn } from './entities.js';
import { identityProviderErrors } from './errors.js';
import { identityProviderEvents } from './events.js';
import type { ConnectedProvider } from './provider-client.js';
import { redirectUriOf } from './redirect-uri.js';
import type { RoleMapping } from './role-mapping.js';

export interface ProviderSettings {
  readonly name: string;
  readonly enabled: boolean;
  readonly scopes: readonly string[];
  readonly groupsClaim: string;
  readonly roleMappings: readonly RoleMapping[];
  readonly emailDomains: readonly string[];
  readonly trustsEmails: boolean;
}

interface NewProvider extends Partial<ProviderSettings> {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
}

type ProviderChange = { readonly [Member in keyof ProviderSettings]?: ProviderSettings[Member] | undefined } & {
  readonly clientSecret?: string | undefined;
};

/** What a provider publishes, for the person who configures it. */
export interface TestedProvider {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** Keys of its key set. */
  readonly keys: number;
  /** RFC 9207: its answers name the issuer, so that those of another one are told apart. */
  readonly namesIssuerInAnswers: boolean;
  /** What has to be registered there for the console. */
  readonly redirectUri: string;
}

/** Providers of one tenant, or of the installation. */
const PROVIDERS_MAX = 10;
const DEFAULT_SCOPES = ['openid', 'email', 'profile'];

const sealedClientSecrets = sealedColumn(IdentityProvider, {
  purpose: 'identity-provider-client-secret',
  column: 'sealedClientSecret',
});

/** Work in the tenant of the provider, or on the installation. */
type ProviderScope = TenantScope | PlatformScope;

/** The identity providers of tenants and of the installation, as people manage them. */
@Injectable()
export class IdentityProviders {
  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly issuers: Issuers,
    private readonly users: Users,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** @throws VALIDATION_ERROR, IDENTITY_PROVIDER_LIMIT_REACHED, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS */
  async create(
    scope: ProviderScope,
    request: NewProvider,
    password: string | undefined,
  ): Promise<Committed<IdentityProvider>> {
    const { clientSecret, ...given } = request;
    this.issuers.requireIssuer(given.issuer);
    const settings = {
      enabled: true,
      scopes: DEFAULT_SCOPES,
      groupsClaim: 'groups',
      roleMappings: [],
      emailDomains: [],
      trustsEmails: false,
      ...definedMembers(given),
    };
    requireSettings(scope, settings);
    await this.users.confirm(platformScope(scope), 'account', password);
    return this.write(scope, async (tx) => {
      const { tenantId } = tx.scope;
      if ((await tx.count(IdentityProvider, { tenantId })) >= PROVIDERS_MAX) {
        throw identityProviderErrors.IDENTITY_PROVIDER_LIMIT_REACHED();
      }
      const id = uuidv7(tx.now);
      const provider: IdentityProvider = {
        ...settings,
        name: given.name,
        issuer: given.issuer,
        clientId: given.clientId,
        id,
        tenantId,
        sealedClientSecret: await this.seal(tx, tenantId, id, clientSecret),
        createdBy: tx.scope.actor.id,
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(IdentityProvider, provider);
      tx.record(identityProviderEvents.created(id, { after: auditSnapshot(provider) }));
      return provider;
    });
  }

  /** One page, oldest first. @param name only those with exactly this name */
  async list(scope: ProviderScope, name: string | undefined, page: PageRequest): Promise<Page<IdentityProvider>> {
    const where = { tenantId: scope.tenantId, ...(name === undefined ? {} : { name }) };
    return this.read(scope, (view) => view.page(IdentityProvider, where, [['id', 'ASC']], page));
  }

  /** A step: whether the tenant has a provider by which people sign in. */
  async hasEnabled(view: View, tenantId: string): Promise<boolean> {
    return view.exists(IdentityProvider, { tenantId, enabled: true });
  }

  /**
   * Whether every member of a tenant could sign in without a password.
   * @returns the step that decides it in the transaction of a change
   * @throws MEMBERS_WITHOUT_COMPANY_SIGN_IN, by the step
   */
  async requireSignIns(): Promise<(view: View) => Promise<void>> {
    const ofInstallation = await this.ofInstallation();
    return async (view) => {
      const left = await membersWithoutProvider(view, ofInstallation);
      if (left.length > 0) throw membersLeftOut(left);
    };
  }

  /** @throws NOT_FOUND */
  async get(scope: ProviderScope, id: string): Promise<IdentityProvider> {
    return this.read(scope, (view) => view.get(IdentityProvider, { id, tenantId: scope.tenantId }));
  }

  /**
   * The issuer and the client never change: the people of another one are others. A provider that is disabled ends the sessions
   * that began by it.
   * @throws NOT_FOUND, VALIDATION_ERROR, PRECONDITION_FAILED, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS,
   *   MEMBERS_WITHOUT_COMPANY_SIGN_IN
   */
  async change(
    scope: ProviderScope,
    id: string,
    { clientSecret, ...change }: ProviderChange,
    password: string | undefined,
    ifMatch: SeenVersions | undefined,
  ): Promise<IdentityProvider> {
    requireSettings(scope, definedMembers(change));
    await this.users.confirm(platformScope(scope), 'account', password);
    const ofInstallation = await this.ofInstallation();
    return this.write(scope, async (tx) => {
      const { tenantId } = tx.scope;
      const before = await tx.lock(IdentityProvider, { id, tenantId });
      const requireNoneLeftOut = await noneLeftOut(tx, ofInstallation);
      const sealedClientSecret = await this.seal(tx, tenantId, id, clientSecret);
      const set = { ...definedMembers(change), ...(sealedClientSecret && { sealedClientSecret }), updatedAt: tx.now };
      const after = await tx.change(IdentityProvider, before, set, ifMatch);
      if (!after.enabled) await endSessionsOfProvider(tx, id);
      await requireNoneLeftOut();
      const details = { clientSecretReplaced: sealedClientSecret !== null };
      const content = { before: auditSnapshot(before), after: auditSnapshot(after), details };
      tx.record(identityProviderEvents.changed(id, content));
      return after;
    });
  }

  /**
   * Memberships that came by the provider stay, and become those of a member who was invited.
   * @throws NOT_FOUND, PRECONDITION_FAILED, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS,
   *   MEMBERS_WITHOUT_COMPANY_SIGN_IN
   */
  async delete(
    scope: ProviderScope,
    id: string,
    password: string | undefined,
    ifMatch: SeenVersions | undefined,
  ): Promise<void> {
    await this.get(scope, id);
    await this.users.confirm(platformScope(scope), 'account', password);
    const ofInstallation = await this.ofInstallation();
    await this.write(scope, async (tx) => {
      const provider = await tx.lock(IdentityProvider, { id, tenantId: tx.scope.tenantId });
      requireVersion(provider, ifMatch);
      const requireNoneLeftOut = await noneLeftOut(tx, ofInstallation);
      await endSessionsOfProvider(tx, id);
      await releaseProvidedMembers(tx, id);
      await tx.installation.delete(ProviderSignIn, { identityProviderId: id });
      await tx.installation.delete(Identity, { identityProviderId: id });
      await tx.delete(IdentityProvider, { id });
      await requireNoneLeftOut();
      tx.record(identityProviderEvents.deleted(id, { before: auditSnapshot(provider) }));
    });
  }

  /** What the issuer publishes now. @throws NOT_FOUND, ISSUER_UNUSABLE */
  async test(scope: ProviderScope, id: string): Promise<TestedProvider> {
    const { issuer } = await this.get(scope, id);
    const metadata = await this.issuers.metadataNow(issuer);
    const endpoint = (name: string): string => {
      const url = metadata[name];
      if (typeof url === 'string') return url;
      throw coreErrors.VALIDATION_ERROR(`The issuer names no \`${name}\``);
    };
    const { keys } = await this.issuers.keysOf(issuer).readAgain();
    return {
      issuer,
      authorizationEndpoint: endpoint('authorization_endpoint'),
      tokenEndpoint: endpoint('token_endpoint'),
      keys: keys.length,
      namesIssuerInAnswers: metadata['authorization_response_iss_parameter_supported'] === true,
      redirectUri: redirectUriOf(undefined, this.publicUrl.current, id),
    };
  }

  /** A step: the secret by which this installation is a client of the provider. */
  async connected(view: View, provider: IdentityProvider): Promise<ConnectedProvider> {
    const { id, tenantId, sealedClientSecret } = provider;
    if (!sealedClientSecret) return { provider, clientSecret: undefined };
    const bytes = await this.vault.open(view, sealedClientSecrets.place(tenantId, id), sealedClientSecret);
    return { provider, clientSecret: new Secret(bytes.toString()) };
  }

  private ofInstallation(): Promise<IdentityProvider[]> {
    return this.database.readPlatform(INSTALLATION, providersOfInstallation);
  }

  private async seal(tx: Tx, tenantId: string, id: string, secret: string | undefined): Promise<Buffer | null> {
    if (secret === undefined) return null;
    return this.vault.seal(tx, sealedClientSecrets.place(tenantId, id), Buffer.from(secret));
  }

  private write<T>(scope: ProviderScope, work: (tx: Tx) => Promise<T>): Promise<Committed<T>> {
    return isOfPlatform(scope) ? this.database.platform(scope, work) : this.database.transaction(scope, work);
  }

  private read<T>(scope: ProviderScope, work: (view: View) => Promise<T>): Promise<T> {
    return isOfPlatform(scope) ? this.database.readPlatform(scope, work) : this.database.read(scope, work);
  }
}

const INSTALLATION = platformScope(systemOrigin('identity-providers'));

const isOfPlatform = (scope: ProviderScope): scope is PlatformScope => scope.tenantId === INSTALLATION_ID;

/** @throws VALIDATION_ERROR */
function requireSettings({ tenantId }: ProviderScope, settings: Partial<ProviderSettings>): void {
  const { scopes, roleMappings = [], emailDomains } = settings;
  const isOfInstallation = tenantId === INSTALLATION_ID;
  const errors: InputError[] = [];
  if (scopes && !scopes.includes('openid')) {
    errors.push({ pointer: '/scopes', code: 'SCOPE_REQUIRED', detail: 'must contain `openid`' });
  }
  // Its people get accounts that count in every tenant: the installation says for which domains it is trusted.
  if (isOfInstallation && emailDomains?.length === 0) {
    errors.push({ pointer: '/emailDomains', code: 'DOMAIN_REQUIRED', detail: 'must name at least one domain' });
  }
  for (const [index, mapping] of roleMappings.entries()) {
    if ((mapping.tenantId !== undefined) === isOfInstallation) continue;
    const detail = isOfInstallation ? 'is required here' : 'is not accepted: the provider is of this tenant';
    errors.push({ pointer: `/roleMappings/${index}/tenantId`, code: 'INVALID_MAPPING', detail });
  }
  if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
}

const auditSnapshot = (provider: IdentityProvider) => {
  const { name, enabled, issuer, clientId, scopes, groupsClaim, roleMappings, emailDomains, trustsEmails } = provider;
  const mappings = roleMappings.map(({ group, role, tenantId = null }) => ({ group, role, tenantId }));
  return { name, enabled, issuer, clientId, scopes, groupsClaim, roleMappings: mappings, emailDomains, trustsEmails };
};
