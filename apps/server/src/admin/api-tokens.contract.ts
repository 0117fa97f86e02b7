import type { Rfc3339 } from '#core';
import {
  type ApiTokenState,
  type ApiTokenWithSecret as MadeToken,
  type ApiTokens,
  type Permission,
  type Role,
  type ServiceAccounts,
  apiTokenStates,
  roles,
  tokenPermissions,
} from '#tenants';
import { AnswerSecret, type SecretReference, type SecretText } from '../http/answer-once.js';
import { Choice, Flag, Identifier, Instant, Items, NameText, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf } from './page.contract.js';
import { StepUp } from './step-up.contract.js';

const Name = () => NameText({ max: 100, description: 'Purpose of the token', example: 'nightly rotation' });
const Permissions = () =>
  Items(Choice(tokenPermissions), {
    minItems: 1,
    maxItems: tokenPermissions.length,
    description: 'Permissions of the token, within those of the role of its owner',
    example: ['services:read', 'services:write'],
  });
const AllowedCidrs = (options = {}) =>
  Items(Text({ max: 49 }), {
    maxItems: 50,
    unique: true,
    description: 'Networks from which it may be used; empty: any',
    example: ['10.0.0.0/8', '2001:db8::/32'],
    ...options,
  });

export class NewApiToken extends StepUp {
  @Name() name: string;
  @Permissions() permissions: Permission[];
  @Instant({ description: 'When it expires: at most 365 days from now' }) expiresAt: number;
  @AllowedCidrs({ optional: true }) allowedCidrs?: string[];
  @Flag({
    optional: true,
    default: false,
    description: 'Whether it may also make calls that require a password; requires `X-Step-Up` with a second factor',
    example: false,
  })
  stepUp?: boolean;
}

export class ApiToken {
  @Identifier({ description: 'Id of the API token' }) id: string;
  @Name() name: string;
  @Identifier({ description: 'Id of the user or service account that owns the token' }) ownerId: string;
  @Choice(['user', 'service_account'], { description: 'Type of the owner' }) ownerType: string;
  @Permissions() permissions: Permission[];
  @Flag({ description: 'Whether it may make calls that require a password', example: false }) stepUp: boolean;
  @AllowedCidrs() allowedCidrs: string[];
  @Choice(apiTokenStates, { description: 'Whether it can be used' }) state: ApiTokenState;
  @Text({ description: 'The token, masked', example: 'chat_••••••••ab12' }) tokenMasked: string;
  @Identifier({ description: 'Id of the user who created it' }) createdBy: string;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When it expires' }) expiresAt: Rfc3339;
  @Instant({ nullable: true, description: 'When it was last used, to the minute' }) lastUsedAt: Rfc3339 | null;
  @Instant({ nullable: true, description: 'When a use of it was last rejected' }) lastRefusedAt: Rfc3339 | null;
  @WholeNumber({ description: 'How many uses of it were rejected', example: 0 }) refusedUses: number;
}

export class ApiTokenPage extends PageOf(ApiToken) {}

export class ApiTokenWithSecret {
  @Nested(() => ApiToken, { description: 'The API token' }) apiToken: ApiToken;
  @Text({
    max: 100,
    description: 'Secret for `Authorization: Bearer`; shown only in this response',
    example: 'chat_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6',
  })
  token: SecretText;
}

export class NewServiceAccount {
  @NameText({ max: 100, description: 'Unique among the service accounts of the tenant', example: 'deployment' })
  name: string;
  @Choice(roles, { description: 'Role: the limit of the permissions of its API tokens', example: 'limited_access' })
  role: Role;
}

export class ServiceAccount {
  @Identifier({ description: 'Id of the service account' }) id: string;
  @Text({ description: 'Name of the owner', example: 'deployment' }) name: string;
  @Choice(roles, { description: 'Role: the limit of the permissions of its API tokens', example: 'limited_access' })
  role: Role;
  @Identifier({ description: 'Id of the user who created it' }) createdBy: string;
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
}

export class ServiceAccountPage extends PageOf(ServiceAccount) {}

/** A token that was created: no other place has it, so its text is stored with the (sealed) answer until it expires. */
interface ApiTokenReference extends SecretReference {
  readonly kind: 'api-token';
  readonly apiTokenId: string;
  readonly token: string;
}

export const isApiToken = (reference: SecretReference): reference is ApiTokenReference =>
  reference.kind === 'api-token';

type ApiTokenRow = Awaited<ReturnType<ApiTokens['list']>>['items'][number];

export const presentApiToken = ({ memberId, stateNow, ...row }: ApiTokenRow): ApiToken =>
  present(ApiToken, { ...row, ownerType: memberId === null ? 'service_account' : 'user', state: stateNow });

export function presentApiTokenWithSecret({ apiToken, token }: MadeToken): ApiTokenWithSecret {
  const reference: ApiTokenReference = { kind: 'api-token', apiTokenId: apiToken.id, token: token.reveal() };
  return {
    apiToken: presentApiToken({ ...apiToken, stateNow: 'active' }),
    token: new AnswerSecret(token, reference, apiToken.expiresAt),
  };
}

type ServiceAccountRow = Awaited<ReturnType<ServiceAccounts['list']>>['items'][number];

export const presentServiceAccount = (row: ServiceAccountRow): ServiceAccount => present(ServiceAccount, row);
