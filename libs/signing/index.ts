import type { EntityClass } from '#database';
import { TokenProfile } from './entities.js';

export const signingEntities: readonly EntityClass[] = [TokenProfile];
export type { TokenProfile } from './entities.js';
export { profileErrors } from './errors.js';
export { profileEvents, tokenEvents } from './events.js';
export { formatNames, formats } from './formats/index.js';
export { ProfilesOfKeys } from './profiles-of-keys.js';
export {
  IssuerUrls,
  type NewTokenProfile,
  PROFILE_DEFAULTS,
  type TokenProfileChange,
  TokenProfiles,
} from './profiles.service.js';
export { type SignedToken, Signing, type SigningCaller } from './signing.service.js';
export { type IssuedToken, type TokenFormat, type Verdict, type VerifyCode, verifyCodes } from './token-format.js';
