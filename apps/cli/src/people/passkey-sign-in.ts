import { randomBytes } from 'node:crypto';

import type { FactorQuestion, UserSession } from '#sdk';

import { Refusal, type Terminal } from '../terminal.js';
import { listenForBrowser } from './loopback.js';

/** As long as the question of the server is valid. */
const WAIT_SECONDS = 300;
const STATE_BYTES = 16;

/**
 * Answers the question for a second factor by a passkey, which only a page of the installation itself may use (WebAuthn Level 3
 * §5.1.4): that page asks the person, and sends what the passkey signed to a port of this machine.
 * @param url the server
 * @throws Refusal where the passkey belongs to another host, or no answer comes; ChanceryError
 */
export async function signInByPasskey(
  terminal: Terminal,
  session: UserSession,
  url: string,
  { mfaToken, passkeyOptions }: FactorQuestion,
): Promise<void> {
  const state = randomBytes(STATE_BYTES).toString('base64url');
  const loopback = await listenForBrowser('/passkey', WAIT_SECONDS, (parameters) => parameters.get('state') === state);
  try {
    const page = new URL('/console/sign-in/passkey', pageOrigin(url, passkeyOptions ?? {}));
    // After the `#`, so that no server and no log of one sees it.
    page.hash = String(
      new URLSearchParams({ port: String(loopback.port), state, options: JSON.stringify(passkeyOptions) }),
    );
    terminal.fail(`Use your passkey in your browser:\n${page.href}\n`);
    terminal.openBrowser?.(page.href);
    await session.verify({ mfaToken, passkey: passkeyIn((await loopback.answered).get('passkey')) });
  } finally {
    loopback.close();
  }
}

/** The page has to be on the host that the passkey belongs to. @throws Refusal */
function pageOrigin(url: string, { rpId }: { readonly rpId?: unknown }): string {
  const { protocol, hostname, port } = new URL(url);
  if (typeof rpId !== 'string' || hostname === rpId || hostname.endsWith(`.${rpId}`)) return url;
  // On the machine itself an address is no name (WebAuthn Level 3 §5.1.3).
  if (rpId === 'localhost' && /^(127(\.\d+){3}|\[::1\])$/.test(hostname)) return `${protocol}//localhost:${port}`;
  throw new Refusal(`Your passkey belongs to ${rpId}: sign in with --url https://${rpId}`);
}

/** @throws Refusal for what is no JSON object */
function passkeyIn(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // As below.
  }
  throw new Refusal('The browser sent no passkey response');
}
