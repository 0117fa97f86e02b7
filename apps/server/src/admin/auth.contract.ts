import { type Rfc3339, toRfc3339 } from '#core';
import {
  type AskedSignIn,
  type Membership,
  type Permission,
  type Role,
  type SessionRenewals,
  type StartedReset as MadeReset,
  type StartedSession,
  type Users,
  permissions,
  permissionsOfRole,
  platformAdminPermissions,
  roles,
  tenantLifecycle,
} from '#tenants';
import { AnswerSecret, type SecretReference, type SecretText } from '../http/answer-once.js';
import {
  Choice,
  Email,
  Flag,
  Identifier,
  Instant,
  Items,
  Nested,
  PasswordField,
  Text,
  WholeNumber,
} from '../http/fields.js';
import { present } from '../http/present.js';
import { SecondFactorProof } from './factor-proof.contract.js';
import { PageOf } from './page.contract.js';
import { AskedFactor, presentAsked } from './step-up.contract.js';

/** Where the refresh token of a session is kept. */
export const sessionPlaces = ['token', 'cookie'] as const;
export type SessionPlace = (typeof sessionPlaces)[number];

const SessionPlaceField = () =>
  Choice(sessionPlaces, {
    optional: true,
    default: 'token',
    description:
      'Where the refresh token is returned: `token`: in the response; `cookie`: in a cookie that scripts cannot ' +
      'read, for pages of this installation',
  });

/** Selects an account if several accounts have the same address. */
const TenantOfAccount = () =>
  Text({
    max: 63,
    optional: true,
    description:
      'Id or slug of a tenant: selects the account that only this tenant knows, if other accounts have the same ' +
      'address',
    example: 'acme',
  });

export class LogIn {
  @Email({ description: 'E-mail address of the account' }) email: string;
  @PasswordField({ description: 'Their password' }) password: string;
  @TenantOfAccount() tenant?: string;
  @SessionPlaceField() session?: SessionPlace;
}

export class AccessToken {
  @Text({
    max: 4_096,
    description: 'Access token, for `Authorization: Bearer`',
    example: 'eyJhbGciOiJFUzI1NiJ9.eyJzaWQiOiIuLi4ifQ.c2ln',
  })
  accessToken: string;
  @Choice(['Bearer'], { description: 'Authentication scheme (RFC 6750)' }) tokenType: 'Bearer';
  @WholeNumber({ description: 'Seconds until the token expires', example: 900 }) expiresIn: number;
  @Text({
    max: 100,
    optional: true,
    description: 'Returns the next pair of tokens, once; a second use ends the session. Absent if it is in a cookie',
    example: 'crft_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6',
  })
  refreshToken?: string;
  @WholeNumber({ description: 'Seconds until the session ends if it is not renewed', example: 28_800 })
  refreshExpiresIn: number;
}

const SIGN_IN_TOKEN_EXAMPLE = 'cmfa_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6';

/** The response to the password of an account with a second factor. */
export class SecondFactorRequest extends AskedFactor {
  @Flag({ description: 'Always `true`: the session begins with `POST /v1/auth/login/verify`' }) mfaRequired: true;
  @Text({
    max: 100,
    description: 'Token for `POST /v1/auth/login/verify`, valid for 5 minutes',
    example: SIGN_IN_TOKEN_EXAMPLE,
  })
  mfaToken: string;
}

/** Exactly one proof. */
export class LogInVerification extends SecondFactorProof {
  @Text({
    max: 100,
    description: '`mfaToken` of the response of `POST /v1/auth/login`',
    example: SIGN_IN_TOKEN_EXAMPLE,
  })
  mfaToken: string;
  @SessionPlaceField() session?: SessionPlace;
}

export class Renewal {
  @Text({
    max: 100,
    optional: true,
    description: 'The refresh token of the session; default: the one in the cookie',
    example: 'crft_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6',
  })
  refreshToken?: string;
}

export class SessionOfUser {
  @Identifier({ description: 'Id of the session' }) id: string;
  @Flag({ description: 'Whether it is the session of this request' }) current: boolean;
  @Text({ nullable: true, description: 'Source address at sign-in', example: '203.0.113.7' })
  sourceAddress: string | null;
  @Text({ nullable: true, description: '`User-Agent` at sign-in', example: 'curl/8.14' })
  userAgent: string | null;
  @Identifier({ nullable: true, description: 'Id of the identity provider that started it; null for a password' })
  identityProviderId: string | null;
  @Instant({ description: 'When it was started' }) createdAt: Rfc3339;
  @Instant({ description: 'When it was last renewed' }) renewedAt: Rfc3339;
  @Instant({ description: 'When it ends if it is not renewed' }) endsAt: Rfc3339;
}

export class SessionPage extends PageOf(SessionOfUser) {}

export class PasswordChange {
  @PasswordField({ description: 'The current password' }) currentPassword: string;
  @PasswordField({ description: 'The new password: 12 to 256 characters', example: 'a longer pass phrase' })
  newPassword: string;
}

export class ResetRequest {
  @Email({ description: 'Address of the account' }) email: string;
  @TenantOfAccount() tenant?: string;
}

/** The same response whether or not the account exists. */
export class AskedReset {
  @Email({ description: 'The requested address, normalised' }) email: string;
}

export class NewPassword {
  @Text({
    max: 100,
    description: 'The token of the reset',
    example: 'crst_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6',
  })
  token: string;
  @PasswordField({ description: 'The new password: 12 to 256 characters', example: 'a longer pass phrase' })
  password: string;
}

export class StartedReset {
  @Text({
    max: 100,
    optional: true,
    description:
      "Token of the reset, for the account's holder; shown only in this response; absent if it was sent by e-mail",
    example: 'crst_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6',
  })
  token?: SecretText;
  @Instant({ description: 'When the token expires' }) expiresAt: Rfc3339;
}

export class User {
  @Identifier({ description: 'Id of the user' }) id: string;
  @Email({ description: 'E-mail address for sign-in' }) email: string;
  @Text({ description: 'Name of the user', example: 'Ada Lovelace' }) name: string;
  @Flag({
    description: 'Whether the address is verified; an unverified account is valid only in the tenant that invited it',
  })
  emailVerified: boolean;
  @Flag({ description: 'Whether the account has a second factor', example: false }) secondFactor: boolean;
}

const PERMISSION_NAMES = Object.keys(permissions) as Permission[];

const Permissions = (description: string) =>
  Items(Choice(PERMISSION_NAMES), {
    maxItems: PERMISSION_NAMES.length,
    description,
    example: ['services:read', 'audit:read'],
  });

export class MembershipOfUser {
  @Identifier({ description: 'Id of the tenant' }) tenantId: string;
  @Text({ description: 'Slug of the tenant', example: 'acme' }) slug: string;
  @Text({ description: 'Name of the tenant', example: 'Acme Ltd' }) name: string;
  @Choice(tenantLifecycle.states, { description: 'State of the tenant' }) state: string;
  @Choice(roles, { description: 'Role of the user in the tenant' }) role: Role;
  @Permissions('What the role permits in the tenant') permissions: readonly Permission[];
  @Flag({
    description:
      'Whether members need a second factor: without one, everything in the tenant is 403 `SECOND_FACTOR_REQUIRED`',
    example: false,
  })
  requiresSecondFactor: boolean;
}

const PLATFORM_ADMIN = 'platform_admin';

export class Self {
  @Nested(() => User, { description: 'The user who is signed in' }) user: User;
  @Choice([PLATFORM_ADMIN], { nullable: true, description: 'Role in the installation, if any' })
  platformRole: typeof PLATFORM_ADMIN | null;
  @Permissions('What this role permits in the installation, and in every tenant')
  platformPermissions: readonly Permission[];
  @Items(Nested(() => MembershipOfUser), { maxItems: 1_000, description: 'The tenants that the user is a member of' })
  memberships: MembershipOfUser[];
}

export const presentSession = (started: StartedSession, place: SessionPlace): AccessToken => ({
  accessToken: started.accessToken,
  tokenType: 'Bearer',
  expiresIn: started.expiresInSeconds,
  ...(place === 'token' ? { refreshToken: started.refreshToken.reveal() } : {}),
  refreshExpiresIn: started.refreshExpiresInSeconds,
});

export const presentRequest = ({ signInToken, ...asked }: AskedSignIn): SecondFactorRequest => ({
  mfaRequired: true,
  mfaToken: signInToken.reveal(),
  ...presentAsked(asked),
});

type SessionRow = Awaited<ReturnType<SessionRenewals['list']>>['items'][number];

export const presentSessionOfUser =
  (currentId: string) =>
  (row: SessionRow): SessionOfUser =>
    present(SessionOfUser, { ...row, current: row.id === currentId, endsAt: row.renewableUntil });

type UserRow = Awaited<ReturnType<Users['get']>>;

/** The token of a reset: no other place has it, so its text is stored with the (sealed) answer until it expires. */
interface ResetReference extends SecretReference {
  readonly kind: 'password-reset';
  readonly token: string;
}

export const isReset = (reference: SecretReference): reference is ResetReference => reference.kind === 'password-reset';

export function presentReset({ reset, token }: MadeReset): StartedReset {
  const expiresAt = toRfc3339(reset.expiresAt);
  if (token === undefined) return { expiresAt };
  const reference: ResetReference = { kind: 'password-reset', token: token.reveal() };
  return { token: new AnswerSecret(token, reference, reset.expiresAt), expiresAt };
}

export const presentSelf = (
  { id, email, name, emailVerifiedAt, platformAdmin }: UserRow,
  memberships: readonly Membership[],
  secondFactor: boolean,
): Self => ({
  user: { id, email, name, emailVerified: emailVerifiedAt !== null, secondFactor },
  platformRole: platformAdmin ? PLATFORM_ADMIN : null,
  platformPermissions: platformAdmin ? platformAdminPermissions : [],
  memberships: memberships.map((membership) => ({ ...membership, permissions: permissionsOfRole(membership.role) })),
});
