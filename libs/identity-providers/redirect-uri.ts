import { coreErrors } from '#core';

/** The console's page to which a provider sends the browser back. */
export const CALLBACK_PATH = '/console/sign-in/callback';

const LOOPBACK_HOSTS: readonly string[] = ['127.0.0.1', '[::1]'];

/**
 * Where a provider sends the browser back: the console's page, or a program that listens on the machine of the person
 * (RFC 8252 §7.3). Nothing else: an answer that went elsewhere would hand the code to others.
 * @throws VALIDATION_ERROR
 */
export function redirectUriOf(given: string | undefined, publicUrl: string): string {
  if (given === undefined) return publicUrl + CALLBACK_PATH;
  const url = URL.parse(given);
  const isLoopback = url?.protocol === 'http:' && LOOPBACK_HOSTS.includes(url.hostname);
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (isLoopback && isPlain) return given;
  const detail = 'a URL such as http://127.0.0.1:8400/callback is expected, without query and fragment';
  throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/redirectUri', code: 'INVALID_URL', detail }] });
}
