export { ChanceryGuard, Token } from './chancery.guard.js';
export { ChanceryModule } from './chancery.module.js';
export { CHANCERY_CLIENT, type ChanceryModuleOptions } from './options.js';
export { type VerifiedToken, tokenOf } from '../verify/index.js';
