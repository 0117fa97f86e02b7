import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type FactorQuestion, type UserSession, createClient, dataOf } from '#sdk';

import { Refusal, type Terminal } from '../terminal.js';

/** As long as a person may take at the provider. */
const WAIT_SECONDS = 600;

type Answer = Omit<Parameters<UserSession['completeAtProvider']>[0], 'identityProviderId'>;

interface Choice {
  readonly url: string;
  readonly tenant?: string | undefined;
  /** Id or name of the provider; not needed where there is one. */
  readonly provider?: string | undefined;
}

/**
 * Signs a person in at an identity provider, in the browser of the person: the answer comes back to a port of this machine
 * (RFC 8252 §7.3).
 * @returns what is asked of an account with a second factor
 * @throws Refusal where it is not clear which provider is meant, or no answer comes; ChanceryError
 */
export async function signInAtProvider(
  terminal: Terminal,
  session: UserSession,
  choice: Choice,
): Promise<FactorQuestion | undefined> {
  const provider = await chosen(choice);
  const path = `/callback/${provider.id}`;
  const { server, answered } = await listen(path);
  try {
    const { port } = server.address() as AddressInfo;
    const authorizationUrl = await session.beginAtProvider(provider.id, `http://127.0.0.1:${port}${path}`);
    terminal.fail(`Sign in at ${provider.name} in your browser:\n${authorizationUrl}\n`);
    terminal.openBrowser?.(authorizationUrl);
    return await session.completeAtProvider({ identityProviderId: provider.id, ...(await answered) });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function chosen({ url, tenant, provider }: Choice): Promise<{ readonly id: string; readonly name: string }> {
  const query = tenant === undefined ? {} : { tenant };
  const { items } = await dataOf(
    createClient({ baseUrl: url }).GET('/v1/auth/identity-providers', { params: { query } }),
  );
  const meant = provider === undefined ? items : items.filter(({ id, name }) => id === provider || name === provider);
  const [first, second] = meant;
  if (first !== undefined && second === undefined) return first;
  const names = items.map(({ name }) => name).join(', ');
  const offered = names === '' ? 'none is offered; those of a tenant need --tenant <slug>' : `offered: ${names}`;
  throw new Refusal(`Which identity provider? --provider <name>; ${offered}`);
}

/** Waits on the loopback interface for the browser that the provider sends back. */
async function listen(path: string): Promise<{ readonly server: Server; readonly answered: Promise<Answer> }> {
  const { promise: answered, resolve, reject } = Promise.withResolvers<Answer>();
  // Nothing waits for it where the sign-in cannot begin.
  answered.catch(() => undefined);
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const state = searchParams.get('state');
    if (pathname !== path || state === null) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
    response.end('Signed in. You can close this page and return to the terminal.\n', () => {
      const others = ['code', 'error', 'iss'].flatMap((name) => {
        const value = searchParams.get(name);
        return value === null ? [] : [[name, value] as const];
      });
      resolve({ state, ...Object.fromEntries(others) });
    });
  });
  const timer = setTimeout(() => reject(new Refusal('No answer came from the browser')), WAIT_SECONDS * 1_000);
  server.once('close', () => clearTimeout(timer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, answered };
}
