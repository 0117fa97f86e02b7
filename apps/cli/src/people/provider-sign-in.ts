import { type FactorQuestion, type UserSession, createClient, dataOf } from '#sdk';

import { Refusal, type Terminal } from '../terminal.js';
import { listenForBrowser } from './loopback.js';

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
  const loopback = await listenForBrowser(path, WAIT_SECONDS, (parameters) => parameters.has('state'));
  try {
    const authorizationUrl = await session.beginAtProvider(provider.id, loopback.url);
    terminal.fail(`Sign in at ${provider.name} in your browser:\n${authorizationUrl}\n`);
    terminal.openBrowser?.(authorizationUrl);
    return await session.completeAtProvider({ identityProviderId: provider.id, ...answerIn(await loopback.answered) });
  } finally {
    loopback.close();
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

/** The parameters of an answer (RFC 6749 §4.1.2, RFC 9207); others are left out. */
function answerIn(parameters: URLSearchParams): Answer {
  const others = ['code', 'error', 'iss'].flatMap((name) => {
    const value = parameters.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return { state: parameters.get('state') ?? '', ...Object.fromEntries(others) };
}
