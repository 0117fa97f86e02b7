/** Why the person is asked to sign in, where that was not their own wish. */
const REASONS = {
  expired: 'Your session has ended. Sign in, and continue where you were.',
  elsewhere: 'You signed out in another window.',
  not_told:
    'The server did not receive the sign-out: the session may continue. Sign in and out again, or close the browser.',
} as const;

export type SessionEnd = keyof typeof REASONS;

/** What the address of the page for signing in says. */
interface SignInSearch {
  /** The slug of a tenant, whose identity providers are offered. */
  readonly tenant?: string;
  readonly reason?: SessionEnd;
  /** The address within the console where the person was. */
  readonly next?: string;
}

export const sessionEndText = (reason: SessionEnd): string => REASONS[reason];

/** An address of this console, with its search part: nothing that could lead to another host (RFC 3986 §4.2). */
const NEXT = /^\/(?![/\\])[^\\#\s]{0,2000}$/;

/** What the search part of an address says. */
export function signInSearch({ tenant, reason, next }: Readonly<Record<string, unknown>>): SignInSearch {
  return {
    ...(typeof tenant === 'string' && tenant !== '' ? { tenant } : {}),
    ...(typeof reason === 'string' && Object.hasOwn(REASONS, reason) ? { reason: reason as SessionEnd } : {}),
    ...(typeof next === 'string' && NEXT.test(next) ? { next } : {}),
  };
}
