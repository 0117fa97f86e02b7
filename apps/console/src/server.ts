import { UserSession, createClient } from '#sdk';

import { now } from './clock.js';
import type { SessionEnd } from './session-end.js';
import { otherWindows } from './other-windows.js';

const baseUrl = window.location.origin;

/** Called when the session has ended; with a reason where that was not the wish of the person in this window. */
export const sessionEnded = new EventTarget();
const ended = (reason?: SessionEnd) => sessionEnded.dispatchEvent(new CustomEvent('end', { detail: reason }));

let isSigningOut = false;

/** The refresh token is in a cookie that no script can read, the access token in the memory of this page. */
export const session = new UserSession({
  baseUrl,
  place: 'cookie',
  now,
  onEnd: () => isSigningOut || ended('expired'),
  // Two windows share the cookie, and its token is accepted once.
  exclusively: async (work) => navigator.locks.request('chancery-session', work),
});

export const client = createClient({ baseUrl, credentials: session, now });

/** Ends the session of the person, in every window. */
export async function signOut(): Promise<void> {
  isSigningOut = true;
  const told = await session.signOut().then(
    () => true,
    () => false,
  );
  isSigningOut = false;
  otherWindows.signedOut();
  ended(told ? undefined : 'not_told');
}
