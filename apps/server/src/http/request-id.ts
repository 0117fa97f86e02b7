import type { IncomingHttpHeaders } from 'node:http';

import { systemClock } from '#core';
import { uuidv7Series } from '#crypto';

export const REQUEST_ID_HEADER = 'x-request-id';

/** Safe in a header, in a log line and in a database column, and short enough for each. */
const ACCEPTABLE = /^[A-Za-z0-9._-]{1,64}$/;

const nextId = uuidv7Series();

/**
 * The caller's own id where it is harmless, so that one id follows a request through every system; else a new one. New
 * ones rise: events are found by the id of their request, and rising ids are stored at the end of that index.
 */
export function requestIdOf(request: { headers: IncomingHttpHeaders }): string {
  const offered = request.headers[REQUEST_ID_HEADER];
  return typeof offered === 'string' && ACCEPTABLE.test(offered) ? offered : nextId(systemClock.now());
}
