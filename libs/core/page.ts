import { coreErrors } from './errors.js';

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 200;

/** A request for one page of a list: at most `limit` items after the position that `cursor` names. */
export interface PageRequest {
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface Page<T> {
  items: T[];
  /** Pass it as `cursor` for the next page; `null` on the last one. */
  nextCursor: string | null;
}

export const pageLimit = (request: PageRequest): number =>
  Math.min(Math.max(request.limit ?? PAGE_LIMIT_DEFAULT, 1), PAGE_LIMIT_MAX);

/** The sort key of the last row of a page, opaque to the caller. */
type CursorKey = readonly (string | number)[];

export const encodeCursor = (key: CursorKey): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** @throws VALIDATION_ERROR where the text is not a cursor that this API returned for a key of that many parts */
export function decodeCursor(cursor: string, parts: number): CursorKey {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (
      Array.isArray(key) &&
      key.length === parts &&
      key.every((part) => typeof part === 'string' || Number.isSafeInteger(part))
    ) {
      return key;
    }
  } catch {
    // falls through to the refusal below
  }
  throw coreErrors.VALIDATION_ERROR({
    detail: 'The cursor is not one that this list returned',
    errors: [{ pointer: 'cursor', code: 'INVALID_CURSOR', detail: 'not a cursor of this list' }],
  });
}
