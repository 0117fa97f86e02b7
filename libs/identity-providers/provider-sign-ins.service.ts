import { Injectable, Logger } from '@nestjs/common';

import { RepeatedEvents } from '#audit';
import { PublicUrl } from '#config';
import { DomainError, INSTALLATION_ID, MINUTE, type PlatformScope, SECOND, Secret, coreErrors, isUuid } from '#core';
import { Database, type View } from '#database';
import {
  AccountSecrets,
  type AskedSignIn,
  Sessions,
  SignIns,
  type StartedSession,
  type StepUpToken,
  StepUps,
  type User,
  Users,
  accountSecretKinds,
  holdActiveTenant,
  networkOf,
  tenantNamed,
} from '#tenants';

import { Identity, IdentityProvider, ProviderSignIn } from './entities.js';
import { identityProviderErrors } from './errors.js';
import { identityProviderEvents } from './events.js';
import { IdentityProviders } from './identity-providers.service.js';
import { personIn } from './person.js';
import { ProviderAccounts, notAdmitted } from './provider-accounts.js';
import { type BegunAtProvider, type ProviderAnswer, type ProviderClaims, ProviderClient } from './provider-client.js';
import { redirectUriOf } from './redirect-uri.js';

/** A sign-in that continues at the provider. */
export interface BegunSignIn {
  readonly authorizationUrl: string;
  /** Of the browser or the program that began it: it comes back with the answer. */
  readonly secret: Secret;
  readonly expiresInSeconds: number;
}

/** An answer with the provider whose redirect URI it came to. */
interface AddressedAnswer extends ProviderAnswer {
  readonly identityProviderId: string;
}

/** Where a sign-in by a provider is begun from. */
interface SignInPlace {
  /** Of a program on the machine of the person (RFC 8252 §7.3), ending in the id of the provider; by default the console's page. */
  readonly redirectUri?: string | undefined;
}

/** How long a person may take at the provider. */
const SIGN_IN_TTL = 10 * MINUTE;
const PROVIDERS_SHOWN_MAX = 20;

interface Redeemed {
  readonly provider: IdentityProvider;
  readonly claims: ProviderClaims;
}

/** Sign-ins by identity providers: how they begin, and what follows from the answer. */
@Injectable()
export class ProviderSignIns {
  readonly #logger = new Logger(ProviderSignIns.name);

  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProviders,
    private readonly client: ProviderClient,
    private readonly accounts: ProviderAccounts,
    private readonly secrets: AccountSecrets,
    private readonly signIns: SignIns,
    private readonly sessions: Sessions,
    private readonly stepUps: StepUps,
    private readonly users: Users,
    private readonly events: RepeatedEvents,
    private readonly publicUrl: PublicUrl,
  ) {}

  /**
   * The enabled providers that a sign-in page offers: those of the installation, and those of a tenant that is named. A
   * tenant that does not exist has none.
   * @param tenant id or slug
   */
  async offered(scope: PlatformScope, tenant: string | undefined): Promise<IdentityProvider[]> {
    return this.database.readPlatform(scope, async (view) => {
      const named = tenant === undefined ? undefined : await tenantNamed(view, tenant);
      const tenantIds = [INSTALLATION_ID, ...(named?.state === 'active' ? [named.id] : [])];
      const found: IdentityProvider[] = [];
      for (const tenantId of tenantIds) {
        const where = { tenantId, enabled: true };
        found.push(...(await view.find(IdentityProvider, where, { order: { id: 'ASC' }, limit: PROVIDERS_SHOWN_MAX })));
      }
      return found;
    });
  }

  /** @throws NOT_FOUND, TENANT_SUSPENDED, ISSUER_UNUSABLE, VALIDATION_ERROR for a redirect URI that is not on the machine itself */
  async begin(scope: PlatformScope, providerId: string, place: SignInPlace): Promise<BegunSignIn> {
    return this.beginFor(scope, providerId, place, null);
  }

  /**
   * A sign-in of the account of a session at the provider that the session began by, which steps it up.
   * @throws FORBIDDEN for a session that began with a password, and what `begin` throws
   */
  async beginStepUp(scope: PlatformScope, place: SignInPlace): Promise<BegunSignIn> {
    const { sessionId, identityProviderId } = await this.sessionOf(scope);
    return this.beginFor(scope, identityProviderId, place, sessionId);
  }

  /**
   * What follows from the answer of the provider. It is accepted once.
   * @throws SIGN_IN_EXPIRED, IDENTITY_REJECTED, IDENTITY_NOT_ADMITTED, ISSUER_UNUSABLE, BUSY
   */
  async complete(
    scope: PlatformScope,
    secret: string | undefined,
    answer: AddressedAnswer,
    userAgent: string | null,
  ): Promise<StartedSession | AskedSignIn> {
    const redeemed = await this.redeem(scope, secret, answer, null);
    const { provider } = redeemed;
    const user = await this.recordingRefusals(scope, provider, () => this.accountOf(scope, redeemed));
    return this.signIns.startProven(scope, user, {
      identityProviderId: provider.id,
      userAgent,
      confirm: async (tx) => {
        await requireEnabled(tx, provider.id);
      },
    });
  }

  /** Likewise for a step-up. @throws what `complete` throws; IDENTITY_REJECTED where another person signed in */
  async completeStepUp(
    scope: PlatformScope,
    secret: string | undefined,
    answer: AddressedAnswer,
  ): Promise<StepUpToken> {
    const { sessionId } = await this.sessionOf(scope);
    const { provider, claims } = await this.redeem(scope, secret, answer, sessionId);
    await this.recordingRefusals(scope, provider, () =>
      this.database.readPlatform(scope, async (view) => {
        const where = { identityProviderId: provider.id, subject: claims.sub };
        const identity = await view.installation.findOne(Identity, where);
        if (identity?.userId !== scope.actor.id) {
          throw identityProviderErrors.IDENTITY_REJECTED({ extensions: { reason: 'ANOTHER_PERSON' } });
        }
      }),
    );
    return this.stepUps.byProvider(scope);
  }

  private async beginFor(
    scope: PlatformScope,
    providerId: string,
    { redirectUri: given }: SignInPlace,
    sessionId: string | null,
  ): Promise<BegunSignIn> {
    const redirectUri = redirectUriOf(given, this.publicUrl.current, providerId);
    const connected = await this.database.readPlatform(scope, async (view) =>
      this.providers.connected(view, await requireEnabled(view, providerId)),
    );
    const secret = accountSecretKinds.providerSignIn.generate();
    const begun: BegunAtProvider = { secret, redirectUri, again: sessionId !== null };
    const authorizationUrl = await this.client.authorizationUrl(connected, begun);
    const lookupHash = await this.secrets.lookupHash(secret.reveal());
    await this.database.platform(scope, async (tx) => {
      tx.housekeeping('a sign-in that is under way at a provider; what follows from it is an event');
      const times = { createdAt: tx.now, expiresAt: tx.now + SIGN_IN_TTL };
      const identityProviderId = connected.provider.id;
      await tx.installation.insert(ProviderSignIn, {
        lookupHash,
        identityProviderId,
        sessionId,
        redirectUri,
        ...times,
      });
    });
    return { authorizationUrl, secret, expiresInSeconds: SIGN_IN_TTL / SECOND };
  }

  /** Uses the sign-in up, whatever becomes of the answer, and redeems its code. */
  private async redeem(
    scope: PlatformScope,
    secret: string | undefined,
    { identityProviderId, ...answer }: AddressedAnswer,
    sessionId: string | null,
  ): Promise<Redeemed> {
    if (secret === undefined || !accountSecretKinds.providerSignIn.isWellFormed(secret)) throw expired();
    const lookupHash = await this.secrets.lookupHash(secret);
    const row = await this.database.platform(scope, async (tx) => {
      tx.housekeeping('a sign-in that came back from its provider; what follows from it is an event');
      const found = await tx.installation.lockIfPresent(ProviderSignIn, { lookupHash });
      if (!found || found.expiresAt <= tx.now || found.sessionId !== sessionId) throw expired();
      await tx.installation.delete(ProviderSignIn, { lookupHash });
      return found;
    });
    const connected = await this.database.readPlatform(scope, async (view) =>
      this.providers.connected(view, await requireEnabled(view, row.identityProviderId)),
    );
    const { provider } = connected;
    const { redirectUri, createdAt } = row;
    const begun = { secret: new Secret(secret), redirectUri, again: sessionId !== null };
    const claims = await this.recordingRefusals(scope, provider, async () => {
      // RFC 9700 §4.4.2.2: before the code is sent anywhere. It can be that of another provider, which does not name itself.
      if (provider.id !== identityProviderId) {
        throw identityProviderErrors.IDENTITY_REJECTED({ extensions: { reason: 'ANOTHER_PROVIDER' } });
      }
      return this.client.redeem(connected, begun, answer, createdAt);
    });
    return { provider, claims };
  }

  private async accountOf(scope: PlatformScope, { provider: { id }, claims }: Redeemed): Promise<User> {
    const where = { identityProviderId: id, subject: claims.sub };
    const isKnown = await this.database.readPlatform(scope, (view) => view.installation.exists(Identity, where));
    // Computed before the transaction opens; one whose account is known needs none.
    const passwordHash = isKnown ? '' : await this.users.hashUnknownPassword(scope);
    const user = await this.database.platform(scope, async (tx) => {
      const provider = await requireEnabled(tx, id);
      tx.housekeeping('the last use of an identity; the session that begins is an event');
      return this.accounts.resolve(tx, provider, personIn(claims, provider), claims, passwordHash);
    });
    if (!user) throw notAdmitted('NOT_A_MEMBER');
    return user;
  }

  /** The provider that the session of the caller began by. @throws FORBIDDEN */
  private async sessionOf(scope: PlatformScope): Promise<{ sessionId: string; identityProviderId: string }> {
    const { id: sessionId, identityProviderId } = await this.sessions.ofCaller(scope);
    if (identityProviderId !== null) return { sessionId, identityProviderId };
    throw coreErrors.FORBIDDEN('The session did not begin by an identity provider');
  }

  /** A rejection is recorded in the history of the provider's tenant, or in that of the installation. */
  private async recordingRefusals<T>(
    scope: PlatformScope,
    { id, tenantId }: IdentityProvider,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DomainError) || !REFUSALS.includes(error.code)) throw error;
      const { actor, requestId, sourceAddress } = scope;
      const reason = String(error.extensions['reason'] ?? error.code);
      const details = { code: error.code, reason };
      await this.events
        .record({
          subject: `identity-provider:${id}:${reason}:${networkOf(sourceAddress) ?? 'none'}`,
          histories: [tenantId],
          origin: { actor, requestId, sourceAddress },
          event: identityProviderEvents.refused(id, { outcome: 'denied', details }),
          sourceAddresses: sourceAddress === null ? [] : [sourceAddress],
        })
        .catch((failure: unknown) => this.#logger.error('A rejected sign-in could not be recorded', failure));
      throw error;
    }
  }
}

const REFUSALS: readonly string[] = [
  identityProviderErrors.IDENTITY_REJECTED.code,
  identityProviderErrors.IDENTITY_NOT_ADMITTED.code,
];

/**
 * A step: the provider with its tenant, both locked in a transaction, so that no session begins by one that is being disabled.
 * @throws NOT_FOUND where it does not exist, is disabled, or its tenant is gone; TENANT_SUSPENDED
 */
async function requireEnabled(view: View, id: string): Promise<IdentityProvider> {
  const found = isUuid(id) ? await view.findOne(IdentityProvider, { id }) : null;
  if (!found) throw coreErrors.NOT_FOUND();
  if (found.tenantId !== INSTALLATION_ID) await holdActiveTenant(view, found.tenantId);
  const provider = await view.hold(IdentityProvider, { id }, 'exclusive');
  if (!provider?.enabled) throw coreErrors.NOT_FOUND();
  return provider;
}

const expired = (): Error => identityProviderErrors.SIGN_IN_EXPIRED();
