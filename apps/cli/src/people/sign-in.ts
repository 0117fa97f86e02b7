import { type FactorQuestion, type UserSession, apiToken, createClient, dataOf, serviceKey } from '#sdk';

import { Refusal, type Terminal } from '../terminal.js';
import { type Frame, type Work, does, printItem, withServerOptions } from './command.js';
import { CredentialsFile } from './credentials-file.js';
import { signInByPasskey } from './passkey-sign-in.js';
import { signInAtProvider } from './provider-sign-in.js';
import { type ServerOptions, storedSession, tokenIn, urlOf } from './server.js';

interface LoginOptions extends ServerOptions {
  readonly email?: string;
  readonly withToken?: boolean;
  readonly provider?: string | true;
  readonly passkey?: boolean;
}

export function addSignInCommands(frame: Frame): void {
  const { root, terminal, answer } = frame;
  withServerOptions(root.command('login'))
    .description('Sign in and store the session')
    .option('--email <address>', 'your e-mail address; prompts for it by default')
    .option('--provider [name]', 'sign in at an identity provider, in the browser')
    .option('--passkey', 'use a passkey as the second factor, in the browser')
    .option('--with-token', 'read an API token or a service key from standard input instead of a password')
    .action(async (options: LoginOptions) => {
      await (options.withToken ? keepToken(terminal, options) : signIn(terminal, options));
      answer(true);
    });

  withServerOptions(root.command('logout'))
    .description('End the session and delete the stored credentials of the server')
    .action(async (options: ServerOptions) => {
      const file = new CredentialsFile(terminal.environment);
      const url = await urlOf(terminal, options, file);
      const session = storedSession(url, file);
      try {
        if (await session.resume()) await session.signOut();
      } finally {
        // Forgotten here even where the server cannot be told.
        await file.change(url, () => undefined);
      }
      answer(true);
      terminal.fail(`Signed out of ${url}.\n`);
    });

  const whoami = root.command('whoami').description('Show whose credentials are used, and where');
  does(frame, whoami, async (work) => {
    printItem(work, await identityOf(work));
  });
}

const ask = async ({ ask: asked }: Terminal, question: string, hidden = false): Promise<string> => {
  if (asked === undefined) throw new Refusal(`${question.replace(/: $/, '')}: the standard input is closed`);
  return asked(question, { hidden });
};

async function signIn(terminal: Terminal, options: LoginOptions): Promise<void> {
  const file = new CredentialsFile(terminal.environment);
  const url = await urlOf(terminal, options, file);
  const session = storedSession(url, file);
  const question = await (options.provider === undefined
    ? signInByPassword(terminal, session, options)
    : signInAtProvider(terminal, session, {
        url,
        tenant: options.tenant ?? terminal.environment['CHANCERY_TENANT'],
        provider: options.provider === true ? undefined : options.provider,
      }));
  const { passkey = false } = options;
  if (question !== undefined) await answerFactor(terminal, session, { url, passkey, question });
  await remember(file, url, options.tenant);
  const { user } = await dataOf(createClient({ baseUrl: url, credentials: session }).GET('/v1/auth/me'));
  terminal.fail(`Signed in to ${url} as ${user.email}.\n`);
}

async function signInByPassword(
  terminal: Terminal,
  session: UserSession,
  options: LoginOptions,
): Promise<FactorQuestion | undefined> {
  const email = options.email ?? (await ask(terminal, 'E-mail: '));
  const password = await ask(terminal, 'Password: ', true);
  const { tenant } = options;
  return session.signIn({ email, password, ...(tenant === undefined ? {} : { tenant }) });
}

/** A code of an app or a recovery code; a passkey, where it is wanted or the account has nothing else, in the browser. */
async function answerFactor(
  terminal: Terminal,
  session: UserSession,
  { url, passkey, question }: { readonly url: string; readonly passkey: boolean; readonly question: FactorQuestion },
): Promise<void> {
  const { mfaToken, methods } = question;
  const hasCodes = methods.includes('totp') || methods.includes('recovery_code');
  if (methods.includes('passkey') && (passkey || !hasCodes)) return signInByPasskey(terminal, session, url, question);
  const code = (await ask(terminal, 'Code of your app, or a recovery code: ', true)).replaceAll(' ', '');
  await session.verify({ mfaToken, ...(/^\d{6}$/.test(code) ? { totp: code } : { recoveryCode: code }) });
}

/** Checked before it is kept. */
async function keepToken(terminal: Terminal, options: LoginOptions): Promise<void> {
  const file = new CredentialsFile(terminal.environment);
  const url = await urlOf(terminal, options, file);
  const token = tokenIn('What was entered', await ask(terminal, 'API token or service key: ', true));
  const { tenant } = options;
  if (token.startsWith('csk_')) {
    await dataOf(createClient({ baseUrl: url, credentials: serviceKey(token) }).GET('/v1/whoami'));
  } else {
    if (tenant === undefined) throw new Refusal('An API token belongs to one tenant: use --tenant <slug>');
    const client = createClient({ baseUrl: url, credentials: apiToken({ token }) });
    await dataOf(client.GET('/v1/tenants/{tenantId}', { params: { path: { tenantId: tenant } } }));
  }
  await file.change(url, () => ({ token, ...(tenant === undefined ? {} : { tenant }) }));
  terminal.fail(`The token for ${url} is kept in ${file.path}.\n`);
}

const remember = (file: CredentialsFile, url: string, tenant: string | undefined): Promise<void> =>
  file.change(url, (known) => ({
    ...(known?.session === undefined ? {} : { session: known.session }),
    ...(tenant === undefined ? {} : { tenant }),
  }));

/** A service, a person, or what is known of an API token. */
async function identityOf({ server, options }: Work<object>): Promise<object> {
  const { url: at, client } = server;
  if (server.isService) {
    const who = await dataOf(client.GET('/v1/whoami'));
    return options.json ? { url: at, ...who } : { url: at, service: who.service.name, id: who.service.id };
  }
  const self = await dataOf(client.GET('/v1/auth/me'));
  if (options.json) return { url: at, ...self };
  return {
    url: at,
    email: self.user.email,
    name: self.user.name,
    id: self.user.id,
    platformRole: self.platformRole,
    tenants: self.memberships.map(({ slug, role }) => `${slug} (${role})`),
  };
}
