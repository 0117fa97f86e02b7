import { Injectable } from '@nestjs/common';

import {
  type ErrorFactory,
  type Evidence,
  type Origin,
  type PlatformScope,
  type TenantScope,
  coreErrors,
  platformScope,
} from '#core';
import { factorErrors } from '#factors';
import { type CallerFacts, Authenticator, type AuthenticatedService, callerErrors } from '#service-keys';
import {
  Access,
  ApiTokens,
  type Permission,
  Sessions,
  apiTokenErrors,
  isPermission,
  permissionRow,
  sessionErrors,
  tenantErrors,
} from '#tenants';

import {
  type ApiTokenPrincipal,
  type Audience,
  CallerIdentification,
  PermissionPolicy,
  type Principal,
  type ServiceCredentials,
  type ServicePrincipal,
  type UserCredentials,
  type UserPrincipal,
} from './http/principal.js';

const BEARER = /^Bearer +(?<token>\S+)$/i;

/** The identification of a caller is work of Chancery itself. */
const identification = (sourceAddress: string | null): Origin => ({
  actor: { type: 'system', id: 'identification', name: 'identification' },
  requestId: 'identification',
  sourceAddress,
});

/** A service as a principal, with the grants that signing asks for. */
export interface GrantedService extends ServicePrincipal {
  readonly profiles: readonly string[];
}

/** Answers the shell's questions with the libraries: who calls, and where they may work. */
@Injectable()
export class Callers extends CallerIdentification {
  constructor(
    private readonly sessions: Sessions,
    private readonly apiTokens: ApiTokens,
    private readonly authenticator: Authenticator,
    private readonly access: Access,
  ) {
    super();
  }

  override async user(credentials: UserCredentials): Promise<UserPrincipal | ApiTokenPrincipal> {
    const { authorization, stepUp, inQuery, sourceAddress, requestId } = credentials;
    const scope = platformScope({ ...identification(sourceAddress), requestId });
    if (inQuery !== undefined) return this.tokenInQuery(scope, inQuery);
    const token = BEARER.exec(authorization ?? '')?.groups?.['token'];
    if (token === undefined) throw coreErrors.INVALID_CREDENTIALS('A bearer token of a session is expected');
    if (this.apiTokens.isApiToken(token)) return apiTokenPrincipalOf(await this.apiTokens.identify(scope, token));
    const { user, sessionId } = await this.sessions.identify(platformScope(identification(null)), token);
    const { id: userId, email, platformAdmin } = user;
    return { kind: 'user', userId, email, sessionId, platformAdmin, ...(stepUp && { stepUp }) };
  }

  /** @throws INVALID_CREDENTIALS for the token of a session, and for an API token that holds more than the one permission */
  private async tokenInQuery(
    scope: PlatformScope,
    { token, permission }: NonNullable<UserCredentials['inQuery']>,
  ): Promise<ApiTokenPrincipal> {
    return apiTokenPrincipalOf(await this.apiTokens.identify(scope, token, permission));
  }

  override async service(credentials: ServiceCredentials, confirmed = true): Promise<GrantedService> {
    const facts: CallerFacts = credentials;
    const origin = identification(credentials.sourceAddress);
    return principalOf(await this.authenticator.authenticate(facts, origin, { confirmed }));
  }

  override async tenantScope(
    principal: Principal,
    tenant: string,
    permission: string,
    origin: Origin,
  ): Promise<TenantScope> {
    const proven = { ...origin, evidence: evidenceOf(principal, permission) };
    // A service works in the tenant of its credential only.
    if (principal.kind === 'service') return { ...proven, tenantId: principal.tenantId };
    if (principal.kind === 'api-token') return this.access.apiTokenScope(principal, tenant, proven);
    return this.access.tenantScope(asUser(principal), tenant, known(permission), proven);
  }

  override async platformScope(principal: Principal, permission: string, origin: Origin): Promise<PlatformScope> {
    if (principal.kind !== 'user') throw coreErrors.FORBIDDEN();
    const proven = { ...origin, evidence: evidenceOf(principal, permission) };
    return this.access.platformScope(asUser(principal), known(permission), proven);
  }
}

/** The permission table, as the shell asks for it. */
@Injectable()
export class Permissions extends PermissionPolicy {
  override audience(permission: string): Audience {
    return permissionRow(known(permission)).audience;
  }

  override errorsOf(audience: Audience): readonly ErrorFactory[] {
    return REJECTIONS[audience];
  }
}

const { CREDENTIALS_REQUIRED, INVALID_CREDENTIALS, FORBIDDEN } = coreErrors;
const { CREDENTIAL_INACTIVE, CREDENTIAL_EXPIRED, CREDENTIAL_COMPROMISED, IP_NOT_ALLOWED } = callerErrors;
const { TENANT_SUSPENDED } = tenantErrors;
const { SECOND_FACTOR_REQUIRED } = factorErrors;
const { COMPANY_SIGN_IN_REQUIRED } = sessionErrors;
const { API_TOKEN_ADDRESS_NOT_ALLOWED } = apiTokenErrors;

/** How a caller of each kind may be rejected before, or while, its request is worked on. */
const REJECTIONS: Readonly<Record<Audience, readonly ErrorFactory[]>> = {
  user: [CREDENTIALS_REQUIRED, INVALID_CREDENTIALS, FORBIDDEN],
  'platform-user': [CREDENTIALS_REQUIRED, INVALID_CREDENTIALS, FORBIDDEN],
  'tenant-user': [
    CREDENTIALS_REQUIRED,
    INVALID_CREDENTIALS,
    FORBIDDEN,
    TENANT_SUSPENDED,
    SECOND_FACTOR_REQUIRED,
    COMPANY_SIGN_IN_REQUIRED,
    API_TOKEN_ADDRESS_NOT_ALLOWED,
  ],
  service: [
    CREDENTIALS_REQUIRED,
    INVALID_CREDENTIALS,
    CREDENTIAL_INACTIVE,
    CREDENTIAL_EXPIRED,
    CREDENTIAL_COMPROMISED,
    FORBIDDEN,
    IP_NOT_ALLOWED,
    TENANT_SUSPENDED,
  ],
};

function known(permission: string): Permission {
  if (!isPermission(permission)) throw coreErrors.INTERNAL_ERROR(`${permission} is not in the permission table`);
  return permission;
}

/** What the transactions of the request read again. */
function evidenceOf(principal: Principal, permission: string): Evidence {
  switch (principal.kind) {
    case 'user':
      return {
        kind: 'session',
        sessionId: principal.sessionId,
        permission: known(permission),
        ...(principal.stepUp && { stepUp: principal.stepUp }),
      };
    case 'api-token':
      return { kind: 'api-token', apiTokenId: principal.apiTokenId, permission: known(permission) };
    case 'service':
      return { kind: 'credential' };
  }
}

const apiTokenPrincipalOf = ({
  apiTokenId,
  tenantId,
  owner,
}: Awaited<ReturnType<ApiTokens['identify']>>): ApiTokenPrincipal => ({
  kind: 'api-token',
  apiTokenId,
  tenantId,
  owner,
});

const asUser = ({ userId, platformAdmin }: UserPrincipal) => ({ user: { id: userId, platformAdmin } });

const principalOf = ({ tenantId, service, credentialId, authType }: AuthenticatedService): GrantedService => ({
  kind: 'service',
  tenantId,
  serviceId: service.id,
  serviceName: service.name,
  credentialId,
  authType,
  profiles: service.profiles,
});
