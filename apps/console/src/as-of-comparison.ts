import type { Things } from './as-of.js';
import { type AsOfKind, asOfKinds } from './as-of-kinds.js';

type ThingsOfKind = NonNullable<Things[AsOfKind]>;

/** Reads a page of the things of a kind at an instant, RFC 3339. */
export type ReadThings = (
  list: { readonly at: string; readonly kind: AsOfKind },
  cursor: string | undefined,
  signal: AbortSignal,
) => Promise<{ readonly items: ThingsOfKind; readonly nextCursor: string | null }>;

/** How far the reading is. */
export interface Progress {
  readonly things: number;
  readonly lists: number;
  readonly listsTotal: number;
}

interface Compared {
  /** At the earlier instant. */
  readonly before: Things;
  /** At the later one. */
  readonly after: Things;
  /** Whether all pages of all kinds were read. */
  readonly isComplete: boolean;
}

/** Pages of each kind that are compared: with 200 things a page, enough for a tenant of ten thousand credentials. */
export const COMPARED_PAGES_MAX = 60;
/** A browser has six connections to a server (HTTP/1.1), and the rest of the page needs some of them. */
const REQUESTS_AT_ONCE = 4;

/**
 * Reads all things of all kinds at two instants, several lists at the same time.
 * @param onProgress called after each page
 * @param stopping by which the reading is cancelled; aborted as well where a page cannot be read
 * @throws what the first page that cannot be read throws
 */
export async function readBoth(
  instants: readonly [before: string, after: string],
  read: ReadThings,
  onProgress: (progress: Progress) => void,
  stopping: AbortController,
): Promise<Compared> {
  const { signal } = stopping;
  const lists = instants.map((at) => asOfKinds.map((kind) => ({ at, kind, items: [] as ThingsOfKind[number][] })));
  const waiting = lists.flat();
  let progress: Progress = { things: 0, lists: 0, listsTotal: waiting.length };
  let isComplete = true;
  const readInTurn = async (): Promise<void> => {
    for (let list = waiting.shift(); list !== undefined; list = waiting.shift()) {
      let cursor: string | null | undefined;
      for (let pages = 0; cursor !== null && pages < COMPARED_PAGES_MAX; pages += 1) {
        signal.throwIfAborted();
        const page = await read(list, cursor, signal);
        list.items.push(...page.items);
        cursor = page.nextCursor;
        progress = { ...progress, things: progress.things + page.items.length };
        onProgress(progress);
      }
      isComplete &&= cursor === null;
      progress = { ...progress, lists: progress.lists + 1 };
      onProgress(progress);
    }
  };
  try {
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, readInTurn));
  } catch (error) {
    stopping.abort();
    throw error;
  }
  const [before, after] = lists.map((all) => Object.fromEntries(all.map(({ kind, items }) => [kind, items])) as Things);
  return { before: before!, after: after!, isComplete };
}
