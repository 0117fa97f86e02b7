import { isIP } from 'node:net';

/** Which pages may use the passkeys of an installation. */
export interface RelyingParty {
  /** A domain name (WebAuthn Level 3 §5.4.2). */
  readonly id: string;
  readonly origin: string;
}

/**
 * The relying party of an installation that browsers reach at this URL. Passkeys belong to a domain name and need https;
 * a browser on the machine itself uses `http://localhost`, whatever the address that the server listens on.
 * @returns `undefined` where browsers have no passkeys
 */
export function relyingPartyOf(publicUrl: string): RelyingParty | undefined {
  const { protocol, hostname, port, origin } = new URL(publicUrl);
  if (/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname) && protocol === 'http:') {
    return { id: 'localhost', origin: `http://localhost${port === '' ? '' : `:${port}`}` };
  }
  const isAddress = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  return protocol === 'https:' && !isAddress ? { id: hostname, origin } : undefined;
}
