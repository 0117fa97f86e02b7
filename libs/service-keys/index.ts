export type { Credential, Service } from './entities.js';
export { type AuthType, authTypes } from './auth-types.js';
export { credentialAuthority } from './authority.js';
export { type AuthenticatedService, Authenticator, serviceActor } from './authenticator.js';
export { CallerDirectory, type PresentCaller } from './caller-directory.js';
export type { CallerFacts } from './caller-facts.js';
export { CredentialFilter } from './credential-filter.js';
export { type CredentialState, credentialLifecycle, stateAt } from './lifecycle.js';
export { forbiddenActions } from './credential-permissions.js';
export { type CredentialAction, credentialActions } from './credential-rules.js';
export { CredentialCleanup, CredentialExpiry, CredentialSuccession } from './credential-expiry.js';
export { CredentialSteps } from './credential-steps.js';
export { CredentialSecrets, type CredentialWithSecret } from './credential-secrets.js';
export {
  type Compromised,
  type CredentialRequest,
  Credentials,
  type EffectiveCredential,
  type Regenerated,
  type Regeneration,
  type CredentialDryRun,
} from './credentials.service.js';
export { callerErrors, credentialErrors, isRejectedCredential, serviceErrors } from './errors.js';
export { credentialEvents, serviceEvents } from './events.js';
export { activeServiceName, isServiceActive } from './service-state.js';
export {
  FAILURE_QUOTA,
  FAILURE_QUOTA_DEFAULT,
  FailedAuthentications,
  type FailureQuota,
  sourceOf,
} from './failed-authentications.js';
export { Gateway, type GatewayVerdict } from './gateway.service.js';
export { servicesGranted, servicesNaming, withdrawGrant } from './grants.js';
export { type LeakCheck, type LeakFinding, Leaks } from './leaks.service.js';
export { SecretRepetition, type ShownCredential } from './secret-repetition.service.js';
export { type CreatedService, type NewService, type ServiceChange, Services } from './services.service.js';
export { TokenProfileNames } from './token-profile-names.js';
export { OwnTokens } from './own-tokens.service.js';
export { type RefusedUse, RefusedUses } from './refused-uses.service.js';
export { CredentialUsage } from './usage.js';
export { ServiceKeysModule, serviceKeyEntities } from './service-keys.module.js';
