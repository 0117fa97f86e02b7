export type { TokenProfile } from './entities.js';
export { profileErrors, transactionErrors } from './errors.js';
export { formatNames, formats } from './formats/index.js';
export { PHONE_NUMBER, XID } from './formats/telesign-app-verify.js';
export { type HolderKey, HolderKeys } from './holder-keys.js';
export { OwnTokenDiagnosis } from './own-token-diagnosis.service.js';
export { ProfileDirectory, keysOfHolder } from './profile-directory.js';
export { TrustedUsers } from './trusted-users.service.js';
export {
  type NewTokenProfile,
  PROFILE_DEFAULTS,
  type ProfileDeletionImpact,
  type TokenProfileChange,
  TokenProfiles,
  issuerUrl,
} from './profiles.service.js';
export { type ReplayId, ReplayStore } from './replay.js';
export { KeyUsage } from './key-usage.js';
export { type Diagnosis, type TokenVerdict, type PresentedToken, Signing } from './signing.service.js';
export { type Finding, type RefusalCode, type Verdict, verifyCodes } from './token-format.js';
export type { SignedToken } from './prepared-tokens.js';
export { TokenTransactions, type Transaction } from './transactions.service.js';
export { SigningModule } from './signing.module.js';
export { AllowedOrigins } from './allowed-origins.service.js';
export { PUBLIC_CALLER, PublicProfiles } from './public-profiles.service.js';
export { SYSTEM_USER_TOKEN } from './formats/superoffice-system-user.js';
export { parseSystemUserToken } from './system-user-token.js';
export { type TokenProfileAsOf, profileProjection } from './as-of.js';
export { isGranted } from './grants.js';
