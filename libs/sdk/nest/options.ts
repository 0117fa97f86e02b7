import type { ClientOptions } from '../client.js';
import type { TokenVerifierOptions } from '../verify/index.js';

export interface ChanceryModuleOptions {
  /** Which tokens `ChanceryGuard` accepts. */
  readonly tokens: TokenVerifierOptions;
  /** What `@Inject(CHANCERY_CLIENT)` gives a client by; without it, that is `null`. */
  readonly client?: ClientOptions;
}

/** The verifier of the guard. */
export const TOKEN_VERIFIER = Symbol('chancery.token-verifier');
/** The client of the server: `@Inject(CHANCERY_CLIENT) client: ChanceryClient`. */
export const CHANCERY_CLIENT = Symbol('chancery.client');
