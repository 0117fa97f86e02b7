import { coreErrors } from '#core';

/** The console's page to which a provider sends the browser back; the id of the provider follows. */
const CALLBACK_PATH = '/console/sign-in/callback';

const LOOPBACK_HOSTS: readonly string[] = ['127.0.0.1', '[::1]'];

/**
 * Where a provider sends the browser back: the console's page, or a program that listens on the machine of the person
 * (RFC 8252 §7.3). Nothing else: an answer that went elsewhere would hand the code to others. Each provider has a redirect URI of
 * its own, so that the code of one is never redeemed at another (RFC 9700 §4.4.2.2).
 * @param given must end in `/` and the id of the provider
 * @returns what has to be registered at the provider
 * @throws VALIDATION_ERROR
 */
export function redirectUriOf(given: string | undefined, publicUrl: string, identityProviderId: string): string {
  if (given === undefined) return `${publicUrl}${CALLBACK_PATH}/${identityProviderId}`;
  const url = URL.parse(given);
  const isLoopback = url?.protocol === 'http:' && LOOPBACK_HOSTS.includes(url.hostname);
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (isLoopback && isPlain && url.pathname.endsWith(`/${identityProviderId}`)) return given;
  const example = `http://127.0.0.1:8400/callback/${identityProviderId}`;
  const detail = `a URL such as ${example} is expected, which ends in the id of the provider, without query and fragment`;
  throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/redirectUri', code: 'INVALID_URL', detail }] });
}
