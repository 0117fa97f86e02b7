export { Access } from './access.service.js';
export { AccountSecrets, accountSecretKinds } from './account-secrets.js';
export { type AdmittedAccount, accountById, accountKnownIn, admittedAccounts, admittedMember } from './accounts.js';
export type { User } from './entities.js';
export { isAddressAllowed, isCidr, requireCidrs } from './allowed-addresses.js';
export { type ApiTokenState, apiTokenStateAt, apiTokenStates } from './api-token.js';
export { apiTokenAuthority } from './api-token-authority.js';
export { type ApiTokenWithSecret, ApiTokens } from './api-tokens.service.js';
export { holdTenant, requireActive, requireActiveTenant, sessionAuthority } from './authority.js';
export {
  accountErrors,
  apiTokenErrors,
  invitationErrors,
  memberErrors,
  sessionErrors,
  tenantErrors,
} from './errors.js';
export { type InvitationState, INVITATION_TTL, invitationLifecycle } from './invitation.js';
export { EndedInvitations, InvitationExpiry } from './invitation-expiry.js';
export { type AcceptedInvitation, type InvitationWithToken, Invitations } from './invitations.service.js';
export { type MemberRemoval, type MemberWithUser, Members } from './members.service.js';
export { ownerAddresses } from './owner-addresses.js';
export { PasswordResets, type StartedReset } from './password-resets.service.js';
export { RefusedApiTokens } from './refused-api-tokens.service.js';
export { ResetRequests } from './reset-requests.js';
export { PasswordGuard } from './password-guard.js';
export { applyProvidedMembership, releaseProvidedMembers, tenantsProvided } from './provided-members.js';
export {
  type Permission,
  isPermission,
  permissionRow,
  permissions,
  permissionsOfRole,
  platformAdminPermissions,
  tokenPermissions,
} from './permissions.js';
export { type ConfirmedFactor, SecondFactors } from './second-factors.service.js';
export { accountSettings } from './settings.js';
export { ServiceAccounts } from './service-accounts.service.js';
export { RefusedPasswords } from './refused-passwords.service.js';
export { type Role, roles } from './roles.js';
export { networkOf, parseSourceAddress } from './source-address.js';
export { SessionKeys } from './session-keys.js';
export { SESSION_TTL } from './session-lifetime.js';
export { PasswordAttemptExpiry, RefreshTokenExpiry, SessionExpiry } from './session-expiry.js';
export { SessionRenewals, type StartedSession } from './session-renewals.service.js';
export { endSessionsOfProvider } from './session-ending.js';
export { SessionTokens } from './session-tokens.js';
export { type Membership, Sessions } from './sessions.service.js';
export { type AskedSignIn, SignIns } from './sign-ins.service.js';
export { type ErasureDryRun, HistoryErasure, type ShownMonth } from './history-erasure.service.js';
export { type StepUpToken, StepUps } from './step-ups.service.js';
export { SLUG, tenantsBySlug } from './tenant-slugs.js';
export { type TenantState, tenantLifecycle } from './tenant-lifecycle.js';
export {
  ANNOUNCEMENT_DAYS_MAX,
  type TenantSettings,
  checkSettings,
  effectiveSettings,
  tenantSettings,
} from './tenant-settings.js';
export {
  Tenants,
  changeTenant,
  lockTenant,
  configurationNumbers,
  holdActiveTenant,
  raiseConfigVersion,
  settingsOfTenants,
  tenantNameOf,
  slugAndSettingsOf,
  tenantSettingsOf,
  tenantNamed,
  tenantState,
} from './tenants.service.js';
export { Users } from './users.service.js';
export { PASSWORD_HASH_PARAMETERS, TenantsModule, tenantEntities } from './tenants.module.js';
export { type TenantAsOf, memberProjection, tenantProjection } from './as-of.js';
