import { tenantSettings } from '#sdk';

import { listOf } from './text.js';

type Settings = Readonly<Record<string, unknown>>;

/** A setting of a tenant as a form offers it. */
export type SettingForm =
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'flag' }
  | { readonly kind: 'list'; readonly of: 'number' | 'text' };

export type Setting = SettingForm & { readonly name: string; readonly description: string; readonly default: unknown };

/** Every setting of a tenant, in the order of the API. */
export const settings: readonly Setting[] = Object.entries(tenantSettings).map(([name, setting]) => ({
  name,
  ...setting,
}));

/** The name of a setting as people read it: `keyDeletionDays` becomes `Key deletion days`. */
export function settingLabel(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A value as its field shows it. */
export const settingText = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value));

/** A field's text as a value of the setting; what was left empty is no item, or not ticked. */
function valueOf(setting: SettingForm, text: string | undefined): unknown {
  switch (setting.kind) {
    case 'number':
      return Number(text);
    case 'choice':
      return text;
    case 'flag':
      return text !== undefined;
    case 'list':
      return setting.of === 'number' ? listOf(text).map(Number) : listOf(text);
  }
}

/** Whether a change of a term keeps less than before; 0 is without end. */
function isShorter(present: Settings, change: Settings, name: string): boolean {
  const before = Number(present[name] ?? 0);
  const after = Number(change[name] ?? before);
  return after !== 0 && (before === 0 || after < before);
}

/** Whether a change has something of the history erased earlier than before, which takes a step-up. */
export const erasesEarlier = (present: Settings, change: Settings): boolean =>
  (present['historyHold'] === true && change['historyHold'] === false) ||
  isShorter(present, change, 'personalDataRetentionMonths') ||
  isShorter(present, change, 'historyRetentionDays');

/** The settings that a filled form changes. */
export const changedSettings = (present: Settings, fields: Readonly<Record<string, string>>): Settings =>
  Object.fromEntries(
    settings
      .map((setting) => [setting.name, valueOf(setting, fields[setting.name])] as const)
      .filter(([name, next]) => JSON.stringify(present[name]) !== JSON.stringify(next)),
  );
