import {
  type ChanceryClient,
  type Credentials,
  type SessionStorage,
  UserSession,
  apiToken,
  createClient,
  dataOf,
  serviceKey,
} from '#sdk';

import { Refusal, type Terminal, exitCodes } from '../terminal.js';
import { CredentialsFile, type StoredServer } from './credentials-file.js';

export interface ServerOptions {
  readonly url?: string;
  readonly tenant?: string;
  readonly json?: boolean;
}

/** What a command of a person works with. */
export interface Server {
  readonly url: string;
  readonly client: ChanceryClient;
  /** Whether the credentials are those of a service, not of a person or automation. */
  readonly isService: boolean;
  /** Whether they are those of automation, which no question can be put to. */
  readonly isApiToken: boolean;
  /** Id or slug of the tenant. @throws Refusal where several are possible and none is named */
  tenant(): Promise<string>;
}

const SERVICE_KEY = 'csk_';

/** Which server is meant. @throws Refusal where none is named and none was signed in to */
export async function urlOf(terminal: Terminal, options: ServerOptions, file: CredentialsFile): Promise<string> {
  const named = options.url ?? terminal.environment['CHANCERY_URL'];
  const url = named ?? (await file.read()).current;
  if (url === undefined) {
    throw new Refusal(
      'No server is selected. Set CHANCERY_URL, or sign in: chancery login --url <url>',
      exitCodes.notSignedIn,
    );
  }
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new Refusal(`${url} is no http or https URL`);
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    terminal.fail(`Warning: credentials are sent to ${hostname} without encryption (http)\n`);
  }
  return url.replace(/\/+$/, '');
}

/** A session that continues in the next command. */
export function storedSession(url: string, file: CredentialsFile): UserSession {
  const storage: SessionStorage = {
    read: async () => (await file.server(url))?.session,
    write: (session) =>
      file.change(url, (known) => {
        const { session: _, token: __, ...rest } = known ?? {};
        if (session !== undefined) return { ...rest, session };
        return known?.token === undefined ? undefined : known;
      }),
  };
  return new UserSession({ baseUrl: url, storage, exclusively: (work) => file.renewing(work) });
}

/** @throws Refusal for what cannot be a token, without it */
export function tokenIn(source: string, value: string): string {
  const token = value.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const found = token === '' ? 'is empty' : 'has characters that no token has';
  throw new Refusal(`${source} ${found}: an API token or a service key is expected`, exitCodes.notSignedIn);
}

const byToken = (token: string): Credentials =>
  token.startsWith(SERVICE_KEY) ? serviceKey(token) : apiToken({ token });

/** @throws Refusal where there are no credentials */
export async function connect(terminal: Terminal, options: ServerOptions): Promise<Server> {
  const file = new CredentialsFile(terminal.environment);
  const url = await urlOf(terminal, options, file);
  const given = terminal.environment['CHANCERY_TOKEN'];
  const named = given === undefined ? undefined : tokenIn('CHANCERY_TOKEN', given);
  // What is not read cannot be damaged: a pipeline has its token, and no file.
  const stored = named === undefined ? await file.server(url) : undefined;
  const token = named ?? stored?.token;
  const credentials = token === undefined ? await continued(url, file, stored) : byToken(token);
  const client = createClient({ baseUrl: url, credentials });
  const isService = token?.startsWith(SERVICE_KEY) ?? false;
  return {
    url,
    client,
    isService,
    isApiToken: token !== undefined && !isService,
    tenant: async () =>
      options.tenant ?? terminal.environment['CHANCERY_TENANT'] ?? stored?.tenant ?? (await onlyTenant(client)),
  };
}

async function continued(url: string, file: CredentialsFile, stored: StoredServer | undefined): Promise<UserSession> {
  const session = storedSession(url, file);
  if (stored?.session !== undefined && (await session.resume())) return session;
  throw new Refusal(
    `Not signed in to ${url}: chancery login --url ${url}, or set CHANCERY_TOKEN`,
    exitCodes.notSignedIn,
  );
}

/** The tenant of a person who is a member of one. */
async function onlyTenant(client: ChanceryClient): Promise<string> {
  const { memberships } = await dataOf(client.GET('/v1/auth/me'));
  const [first, second] = memberships;
  if (first !== undefined && second === undefined) return first.slug;
  const slugs = memberships.map(({ slug }) => slug).join(', ');
  throw new Refusal(`Which tenant? --tenant <slug> or CHANCERY_TENANT${slugs === '' ? '' : `; you have ${slugs}`}`);
}
