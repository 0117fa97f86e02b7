import { UserSession, createClient } from '#sdk';

import { now } from './clock.js';

const baseUrl = window.location.origin;

/** Called when the session has ended, whatever the reason. */
export const sessionEnded = new EventTarget();

/** The refresh token is in a cookie that no script can read, the access token in the memory of this page. */
export const session = new UserSession({
  baseUrl,
  place: 'cookie',
  now,
  onEnd: () => sessionEnded.dispatchEvent(new Event('end')),
  // Two windows share the cookie, and its token is accepted once.
  exclusively: async (work) => navigator.locks.request('chancery-session', work),
});

export const client = createClient({ baseUrl, credentials: session, now });
