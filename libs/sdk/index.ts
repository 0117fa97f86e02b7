export { type ApiTokenOptions, type JwtCredentialOptions, apiToken, jwtCredential, serviceKey } from './credentials.js';
export { type ChanceryClient, type ClientOptions, createClient } from './client.js';
export { type Credentials } from './authentication.js';
export { ChanceryError, type Problem, dataOf } from './problem.js';
export { type RetryLimits } from './retries.js';
export {
  type FactorAnswer,
  type FactorQuestion,
  type ProviderAnswer,
  type SessionOptions,
  type SessionStorage,
  type SignIn,
  type StoredSession,
  UserSession,
} from './session.js';
export { type CachedTokenOptions, type ObtainedToken, cachedToken } from './cached-token.js';
export { choices, type components, type operations, type paths } from './openapi.js';
export { auditActions, rolePermissions, tenantSettings, tokenFormats } from './reference.js';
