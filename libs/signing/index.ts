import type { EntityClass } from '#database';
import type { SealedColumnSource } from '#vault';
import { RateWindow, ReplayRecord, TokenProfile, TokenProfileOrigin, TokenTransaction } from './entities.js';
import { sealedSystemUserTokens } from './profiles.service.js';
import { sealedPhoneNumbers, sealedTokens } from './transactions.service.js';

export const signingEntities: readonly EntityClass[] = [
  TokenProfile,
  TokenProfileOrigin,
  ReplayRecord,
  TokenTransaction,
  RateWindow,
];
export const signingSealedColumns: readonly SealedColumnSource[] = [
  sealedPhoneNumbers,
  sealedTokens,
  sealedSystemUserTokens,
];
export type { TokenProfile } from './entities.js';
export { profileErrors, transactionErrors } from './errors.js';
export { profileEvents, tokenEvents } from './events.js';
export { AllowedOrigins } from './allowed-origins.service.js';
export { formatNames, formats } from './formats/index.js';
export { PHONE_NUMBER, XID } from './formats/telesign-app-verify.js';
export { type HolderKey, HolderKeys } from './holder-keys.js';
export { OwnTokenDiagnosis } from './own-token-diagnosis.service.js';
export { JwksUrls, TrustedUsers } from './trusted-users.service.js';
export { ProfilesOfKeys, ProfilesOfServices } from './profile-references.js';
export {
  IssuerUrls,
  type NewTokenProfile,
  PROFILE_DEFAULTS,
  type ProfileDeletion,
  type ProfileDeletionImpact,
  type TokenProfileChange,
  TokenProfiles,
} from './profiles.service.js';
export { PUBLIC_CALLER, PublicProfiles } from './public-profiles.service.js';
export { SYSTEM_USER_TOKEN } from './formats/superoffice-system-user.js';
export { parseSystemUserToken } from './system-user-token.js';
export { RateWindows } from './rate-windows.js';
export { type ReplayId, ReplayStore } from './replay.js';
export {
  type Diagnosis,
  type JudgedToken,
  type PresentedToken,
  type SignedToken,
  Signing,
  type SigningCaller,
  keysOfHolder,
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
