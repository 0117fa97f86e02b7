import { type EventTable, type InputError, coreErrors } from '#core';

/** Every action of every noun. */
export const EVERY_ACTION = '*';
const EVERY_ACTION_OF_NOUN = '.*';

/** What a subscription can name: every action, all actions of a noun (`credential.*`), one action (`credential.created`). */
export const subscribable = (tables: readonly EventTable[]): ReadonlySet<string> =>
  new Set([
    EVERY_ACTION,
    ...tables.flatMap(({ noun, descriptions }) => [
      noun + EVERY_ACTION_OF_NOUN,
      ...Object.keys(descriptions).map((name) => `${noun}.${name}`),
    ]),
  ]);

/** Whether one of the subscribed actions is this one, or includes it. */
export const isSubscribed = (subscribed: readonly string[], action: string): boolean =>
  subscribed.includes(EVERY_ACTION) ||
  subscribed.includes(action) ||
  subscribed.includes(action.slice(0, action.lastIndexOf('.')) + EVERY_ACTION_OF_NOUN);

/** @throws VALIDATION_ERROR that lists every item of `actions` that no event has */
export function requireActions(actions: readonly string[], known: ReadonlySet<string>): void {
  const errors = actions.flatMap((action, index): InputError[] =>
    known.has(action)
      ? []
      : [
          {
            pointer: `/actions/${index}`,
            code: 'UNKNOWN_ACTION',
            detail: 'an action of docs/audit-events.md is expected, a noun with `.*`, or `*`',
          },
        ],
  );
  if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
}
