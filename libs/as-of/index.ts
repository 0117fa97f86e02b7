export { AsOfModule } from './as-of.module.js';
export { AsOf, type AsOfKind, type Refusal, asOfKinds, refusals } from './as-of.service.js';
