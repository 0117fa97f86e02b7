export { factorErrors } from './errors.js';
export { factorEvents } from './events.js';
export {
  type BegunFactor,
  type FactorMethod,
  type FactorProof,
  Factors,
  endChallenges,
  endChallengesOfProvider,
  hasFactor,
} from './factors.service.js';
export { FactorsModule, factorEntities } from './factors.module.js';
export { type FactorKindName, factorKindNames } from './kinds/index.js';
