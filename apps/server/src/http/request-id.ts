import type { IncomingHttpHeaders } from 'node:http';

import { systemClock } from '#core';
import { uuidv7Series } from '#crypto';

export const REQUEST_ID_HEADER = 'x-request-id';

/** Safe in a header, in a log line and in a database column, and short enough for each. */
const ACCEPTABLE = /^[A-Za-z0-9._-]{1,64}$/;

const nextId = uuidv7Series();

/** A later version may have more at its end, behind another hyphen (W3C Trace Context §3.2.3, §4.3). */
const TRACE_PARENT =
  /^(?:00-(?<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-(?<later>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)$/;
const NO_TRACE = '0'.repeat(32);

/** The trace that a request belongs to, 32 hexadecimal digits; `undefined` where it names none (W3C Trace Context §3.2). */
export function traceIdOf({ headers }: { headers: IncomingHttpHeaders }): string | undefined {
  const { traceparent } = headers;
  const { trace, later } = (typeof traceparent === 'string' && TRACE_PARENT.exec(traceparent)?.groups) || {};
  const traceId = trace ?? later;
  return traceId === NO_TRACE ? undefined : traceId;
}

/**
 * The caller's own id where it is harmless, so that one id follows a request through every system: that of the request, or
 * that of the trace that it belongs to; else a new one. New ones rise: events are found by the id of their request, and
 * rising ids are stored at the end of that index.
 */
export function requestIdOf(request: { headers: IncomingHttpHeaders }, traceId = traceIdOf(request)): string {
  const offered = request.headers[REQUEST_ID_HEADER];
  if (typeof offered === 'string' && ACCEPTABLE.test(offered)) return offered;
  return traceId ?? nextId(systemClock.now());
}
