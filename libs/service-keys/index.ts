export type { Credential, CredentialRotation, CredentialRotationItem, Service, Trust } from './entities.js';
export { type AuthType, authTypes } from './auth-types.js';
export { credentialAuthority } from './authority.js';
export { type AuthenticatedService, Authenticator } from './authenticator.js';
export { CallerDirectory } from './caller-directory.js';
export type { CallerFacts } from './caller-facts.js';
export { type CredentialState, credentialLifecycle } from './lifecycle.js';
export { type CredentialAction, credentialActions } from './credential-rules.js';
export { CredentialCleanup, CredentialExpiry, CredentialSuccession } from './credential-expiry.js';
export { CredentialSteps } from './credential-steps.js';
export { CredentialSecrets, type CredentialWithSecret } from './credential-secrets.js';
export { CredentialInventory } from './credential-inventory.service.js';
export { type CredentialRotationState, credentialRotationLifecycle } from './credential-rotation.js';
export {
  CredentialRotations,
  type RotationDryRun,
  type RotationItemState,
  rotationItemStates,
  stateOfItem,
} from './credential-rotations.service.js';
export type { EffectiveCredential } from './credential-situation.js';
export { type Compromised, Credentials, type Regenerated, type CredentialDryRun } from './credentials.service.js';
export {
  callerErrors,
  credentialErrors,
  credentialRotationErrors,
  isRejectedCredential,
  serviceErrors,
  trustErrors,
} from './errors.js';
export {
  activeServiceName,
  isCompromisedCredential,
  isServiceActive,
  isServiceAddress,
  isServiceTrust,
  trustOfCredential,
} from './service-state.js';
export {
  FAILURE_QUOTA,
  FAILURE_QUOTA_DEFAULT,
  FailedAuthentications,
  type FailureQuota,
  sourceOf,
} from './failed-authentications.js';
export { Gateway, type GatewayVerdict } from './gateway.service.js';
export { serviceNames, servicesGranted, servicesNaming, withdrawGrant } from './grants.js';
export { type LeakCheck, Leaks } from './leaks.service.js';
export { SecretRepetition } from './secret-repetition.service.js';
export { type CreatedService, type ServiceDeletion, Services } from './services.service.js';
export { type ExchangedToken, TokenExchange } from './token-exchange.service.js';
export { TokenProfileNames } from './token-profile-names.js';
export { OwnTokens } from './own-tokens.service.js';
export { RefusedUses } from './refused-uses.service.js';
export { Trusts } from './trusts.service.js';
export { CredentialUsage } from './usage.js';
export { ServiceKeysModule, serviceKeyEntities } from './service-keys.module.js';
export {
  type CredentialAsOf,
  type ServiceAsOf,
  type TrustAsOf,
  credentialProjection,
  serviceProjection,
  trustProjection,
} from './as-of.js';
export { type TokenTrial, WorkloadTokens } from './workload-tokens.service.js';
