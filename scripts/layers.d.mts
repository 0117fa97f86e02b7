import type { ICruiseOptions, IForbiddenRuleType } from 'dependency-cruiser';

export type Layers = Readonly<Record<string, readonly string[]>>;
export const LAYERS: Layers;
export function dependencyRules(layers?: Layers): IForbiddenRuleType[];
export const DEPENDENCY_OPTIONS: ICruiseOptions;
