export { AsOfModule } from './as-of.module.js';
export { AsOf, type Refusal, refusals } from './as-of.service.js';
export { CarriedStates } from './carried-states.service.js';
export { type AsOfKind, asOfKinds } from './projections.js';
