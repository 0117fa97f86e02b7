import { auditActions } from '#sdk';

/** An action of an event, with what it means. */
interface ActionChoice {
  readonly action: string;
  readonly description: string;
}

/** The actions of one noun; `all` means every one of them. */
interface ActionGroup {
  readonly noun: string;
  readonly all: string;
  readonly actions: readonly ActionChoice[];
}

/** What subscribes to every event. */
export const EVERY_ACTION = '*';

const nounOf = (action: string): string => action.slice(0, action.indexOf('.'));

/** Every action that a webhook can subscribe to, by the nouns of the history. */
export const actionGroups: readonly ActionGroup[] = Object.entries(
  Object.groupBy(
    Object.entries(auditActions).map(([action, description]): ActionChoice => ({ action, description })),
    ({ action }) => nounOf(action),
  ),
).map(([noun, actions = []]) => ({ noun, all: `${noun}.*`, actions }));

/** The chosen actions without those that a wider choice includes. */
export function withoutIncluded(chosen: readonly string[]): readonly string[] {
  if (chosen.includes(EVERY_ACTION)) return [EVERY_ACTION];
  return chosen.filter((action) => action.endsWith('.*') || !chosen.includes(`${nounOf(action)}.*`));
}
