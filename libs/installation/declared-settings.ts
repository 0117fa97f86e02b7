import type { DynamicModule } from '@nestjs/common';

import { type SettingTable, declarationOf } from '#core';

/** A module and all that it imports, each once: what a module imports comes before it. */
export function modulesOf(module: object, found = new Set<object>()): Set<object> {
  const { module: target = module, imports = [] } = module as Partial<DynamicModule>;
  if (found.has(target)) return found;
  const declared = (Reflect.getMetadata('imports', target) ?? []) as object[];
  for (const imported of [...declared, ...imports]) modulesOf(imported, found);
  return found.add(target);
}

interface DeclaredSettings {
  readonly settings: SettingTable;
  /** What is wrong with the values of all settings together. */
  readonly problemsOf: (values: Readonly<Record<string, unknown>>) => readonly string[];
}

/**
 * The settings that a module and all that it imports declare by `@Declares()`: its own first, then those of each library
 * after those of the libraries that it imports. It reads the decorators, so that there need not be an application yet.
 *
 * @throws Error that names a setting that two tables have
 */
export function declaredSettings(root: object): DeclaredSettings {
  const declarations = [...new Set([root, ...modulesOf(root)])].map(declarationOf);
  const rows = declarations.flatMap(({ settings = [] }) => settings.flatMap((table) => Object.entries(table)));
  const names = rows.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two tables of settings have a setting with the name ${twice}`);
  const problems = declarations.flatMap(({ settingProblems = [] }) => settingProblems);
  return {
    settings: Object.fromEntries(rows),
    // Each function reads values that the tables give it: a test calls all of them with the defaults.
    problemsOf: (values) => problems.flatMap((problemsIn) => problemsIn(values as never)),
  };
}
