import type { AsOfKind } from './as-of-kinds.js';
import { type Difference, differences } from './difference.js';

type Thing = Readonly<Record<string, unknown>> & { readonly id: string };

/** What a tenant had at an instant, all things of each kind. */
export type Things = { readonly [Kind in AsOfKind]?: readonly Thing[] };

export interface Change {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly what: 'added' | 'removed' | 'changed';
  /** Of a thing that was there at both instants. */
  readonly differences: readonly Difference[];
}

/** What people know a thing by. */
export const nameOf = (thing: Thing): string =>
  [thing['name'], thing['email'], thing['subject'], thing['fingerprint']].find(
    (text): text is string => typeof text === 'string' && text !== '',
  ) ?? thing.id;

/** What differs between two instants, kind by kind, in the order of the earlier one. */
export function changesBetween(then: Things, now: Things): Change[] {
  const kinds = [...new Set([...Object.keys(then), ...Object.keys(now)])] as AsOfKind[];
  return kinds.flatMap((kind) => {
    const [old, present] = [then, now].map((things) => new Map(things[kind]?.map((thing) => [thing.id, thing]) ?? []));
    const change = (thing: Thing, what: Change['what'], found: readonly Difference[] = []): Change => ({
      kind,
      id: thing.id,
      name: nameOf(thing),
      what,
      differences: found,
    });
    const earlier = [...old!.values()].flatMap((thing) => {
      const later = present!.get(thing.id);
      if (later === undefined) return [change(thing, 'removed')];
      const found = differences(thing, later);
      return found.length === 0 ? [] : [change(later, 'changed', found)];
    });
    return [
      ...earlier,
      ...[...present!.values()].filter(({ id }) => !old!.has(id)).map((each) => change(each, 'added')),
    ];
  });
}
