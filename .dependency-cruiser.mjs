import { DEPENDENCY_OPTIONS, dependencyRules } from './scripts/layers.mjs';

export default { forbidden: dependencyRules(), options: DEPENDENCY_OPTIONS };
