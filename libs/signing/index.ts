export type { TokenProfile } from './entities.js';
export { profileErrors, transactionErrors } from './errors.js';
export { profileEvents, tokenEvents } from './events.js';
export { formatNames, formats } from './formats/index.js';
export { PHONE_NUMBER, XID } from './formats/telesign-app-verify.js';
export { type HolderKey, HolderKeys } from './holder-keys.js';
export { JwksUrls } from './jwks-urls.js';
export { OwnTokenDiagnosis } from './own-token-diagnosis.service.js';
export { ProfileDirectory, keysOfHolder } from './profile-directory.js';
export { TrustedUsers } from './trusted-users.service.js';
export {
  type NewTokenProfile,
  PROFILE_DEFAULTS,
  type ProfileDeletion,
  type ProfileDeletionImpact,
  type TokenProfileChange,
  TokenProfiles,
  issuerUrl,
} from './profiles.service.js';
export { RateWindows } from './rate-windows.js';
export { type ReplayId, ReplayStore } from './replay.js';
export {
  type Diagnosis,
  type TokenVerdict,
  type PresentedToken,
  type SignedToken,
  Signing,
  type SigningCaller,
} from './signing.service.js';
export {
  type Finding,
  type IssuedToken,
  type RefusalCode,
  type TokenFormat,
  type Verdict,
  type VerifyCode,
  verifyCodes,
} from './token-format.js';
export { TokenTransactions, type Transaction } from './transactions.service.js';
export { SigningModule, signingEntities } from './signing.module.js';
export { AllowedOrigins } from './allowed-origins.service.js';
export { PUBLIC_CALLER, PublicProfiles } from './public-profiles.service.js';
export { SYSTEM_USER_TOKEN } from './formats/superoffice-system-user.js';
export { parseSystemUserToken } from './system-user-token.js';
