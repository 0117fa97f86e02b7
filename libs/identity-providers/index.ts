export type { IdentityProvider } from './entities.js';
export { identityProviderErrors } from './errors.js';
export { IdentityProviders, type TestedProvider } from './identity-providers.service.js';
export { IdentityProvidersModule } from './identity-providers.module.js';
export { type BegunSignIn, ProviderSignIns } from './provider-sign-ins.service.js';
