import type { Credentials, Fetch } from './authentication.js';
import { type ObtainedToken, cachedToken } from './cached-token.js';
import type { components } from './openapi.js';
import { ChanceryError } from './problem.js';

/** E-mail address, password, and the tenant where several accounts have the address. */
export type SignIn = Omit<components['schemas']['LogIn'], 'session'>;

/** Which factors an account has, and the token that the answer names. */
export type FactorQuestion = components['schemas']['SecondFactorRequest'];

/** The token of the question with a code of an app, a recovery code, or the assertion of a passkey. */
export type FactorAnswer = Omit<components['schemas']['LogInVerification'], 'session'>;

/** With what an identity provider sent the browser back, unchanged. */
export type ProviderAnswer = Omit<components['schemas']['ProviderSignInCompletion'], 'session'>;

/** The tokens of a session, as a program keeps them until it runs again. */
export interface StoredSession {
  readonly refreshToken: string;
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly accessTokenExpiresAt: number;
}

/** Where a session is kept between two runs of a program. What is written there lets its reader act as the person. */
export interface SessionStorage {
  /** @returns `undefined` where no session is kept */
  read(): Promise<StoredSession | undefined>;
  /** `undefined`: the session has ended. */
  write(session: StoredSession | undefined): Promise<void>;
}

export interface SessionOptions {
  /** Where the server is, without `/v1`. */
  readonly baseUrl: string;
  /**
   * Where the refresh token is: in the memory of this object (`token`, the default), or in a cookie that no script can read
   * (`cookie`, for pages of the installation itself).
   */
  readonly place?: 'token' | 'cookie';
  /** Called when the session has ended: signed out, expired, or ended by somebody else. */
  readonly onEnd?: () => void;
  /**
   * Runs a piece of work while no other holder of the same refresh token does. Pages that share a cookie need it
   * (`navigator.locks`), and processes that share a storage, because a refresh token that comes a second time ends the session.
   */
  readonly exclusively?: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Keeps the session for the next run of the program, with `place: 'token'`; `resume` continues it. */
  readonly storage?: SessionStorage;
  /** Sends a request; the global `fetch` by default. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

type Tokens = components['schemas']['AccessToken'];

const UNAUTHORIZED = 401;

/**
 * The session of a person. No token of it is stored outside of this object and, if so chosen, the cookie or the storage. The access token
 * is replaced shortly before its end by the refresh token, which the server accepts once.
 */
export class UserSession implements Credentials {
  private readonly send: Fetch;
  private readonly now: () => number;
  private readonly exclusively: NonNullable<SessionOptions['exclusively']>;
  private refreshToken: string | undefined;
  private signInToken: string | undefined;
  private accessToken: (() => Promise<string>) | undefined;
  private renewal: Promise<ObtainedToken | undefined> | undefined;

  constructor(private readonly options: SessionOptions) {
    this.send = options.fetch ?? ((request) => fetch(request));
    this.now = options.now ?? Date.now;
    this.exclusively = options.exclusively ?? ((work) => work());
  }

  get signedIn(): boolean {
    return this.accessToken !== undefined;
  }

  /**
   * Signs a person in by their password.
   *
   * @returns what is asked of an account with a second factor, for `verify`; `undefined` where the session has begun
   * @throws ChanceryError `INVALID_CREDENTIALS`, `TOO_MANY_ATTEMPTS`
   */
  async signIn(credentials: SignIn): Promise<FactorQuestion | undefined> {
    return this.begun(await this.post('login', { ...credentials, ...this.place() }));
  }

  /**
   * Begins a sign-in at an identity provider, bound to this browser by a cookie, or to this object where it is a program.
   *
   * @param redirectUri of a program that listens on the machine of the person: `http://127.0.0.1:<port>/<path>/<identityProviderId>`
   * @returns the URL to which the browser goes
   * @throws ChanceryError `NOT_FOUND`, `ISSUER_UNUSABLE`
   */
  async beginAtProvider(identityProviderId: string, redirectUri?: string): Promise<string> {
    type Begun = components['schemas']['BegunProviderSignIn'];
    const path = `identity-providers/${encodeURIComponent(identityProviderId)}/sign-in`;
    const begun = await this.post<Begun>(path, redirectUri === undefined ? {} : { redirectUri });
    this.signInToken = begun.signInToken;
    return begun.authorizationUrl;
  }

  /**
   * Completes it with the answer of the provider.
   *
   * @param answer with the id of the provider at the end of the redirect URI to which it came
   * @returns as `signIn`
   * @throws ChanceryError `SIGN_IN_EXPIRED`, `IDENTITY_REJECTED`, `IDENTITY_NOT_ADMITTED`
   */
  async completeAtProvider(answer: ProviderAnswer): Promise<FactorQuestion | undefined> {
    const bound = this.signInToken === undefined ? {} : { signInToken: this.signInToken };
    return this.begun(await this.post('identity-providers/complete', { ...answer, ...bound, ...this.place() }));
  }

  /** Answers what `signIn` was asked: the session begins. @throws ChanceryError `INVALID_CREDENTIALS`, `TOO_MANY_ATTEMPTS` */
  async verify(answer: FactorAnswer): Promise<void> {
    await this.keep(await this.post<Tokens>('login/verify', { ...answer, ...this.place() }));
  }

  /** Continues the session of the cookie or the storage. @returns whether there is one */
  async resume(): Promise<boolean> {
    const stored = this.signedIn ? undefined : await this.options.storage?.read();
    if (stored !== undefined && this.adopt(stored).expiresAt > this.now()) return true;
    if (this.options.storage !== undefined && this.refreshToken === undefined) return false;
    return (await this.refresh()) !== undefined;
  }

  /** Ends the session everywhere; nothing of it is kept here, even if the server cannot be reached. */
  async signOut(): Promise<void> {
    const headers = await this.headers().catch(() => ({}));
    await this.end();
    await this.post('logout', undefined, headers);
  }

  async headers(): Promise<Readonly<Record<string, string>>> {
    return this.accessToken === undefined ? {} : { Authorization: `Bearer ${await this.accessToken()}` };
  }

  /** After an access token was refused: another one, or the end of the session. */
  async renew(): Promise<boolean> {
    return this.signedIn && this.resume();
  }

  private async begun(answer: Tokens | FactorQuestion): Promise<FactorQuestion | undefined> {
    if ('mfaRequired' in answer) return answer;
    await this.keep(answer);
    return undefined;
  }

  private place(): { readonly session?: 'cookie' } {
    return this.options.place === 'cookie' ? { session: 'cookie' } : {};
  }

  private async keep({ accessToken, expiresIn, refreshToken }: Tokens): Promise<ObtainedToken> {
    const accessTokenExpiresAt = this.now() + expiresIn * 1_000;
    if (refreshToken !== undefined)
      await this.options.storage?.write({ refreshToken, accessToken, accessTokenExpiresAt });
    return this.adopt({ refreshToken, accessToken, accessTokenExpiresAt });
  }

  private adopt(tokens: Omit<StoredSession, 'refreshToken'> & { readonly refreshToken: string | undefined }) {
    const first = { token: tokens.accessToken, expiresAt: tokens.accessTokenExpiresAt };
    this.refreshToken = tokens.refreshToken;
    this.accessToken = cachedToken(() => this.next(), { now: this.now, first });
    return first;
  }

  private async next(): Promise<ObtainedToken> {
    const obtained = await this.refresh();
    if (obtained === undefined) throw new ChanceryError(UNAUTHORIZED, undefined);
    return obtained;
  }

  /** One exchange of the refresh token, however many ask for it. @returns `undefined` where the session has ended */
  private refresh(): Promise<ObtainedToken | undefined> {
    this.renewal ??= this.exclusively(() => this.exchange()).finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  private async exchange(): Promise<ObtainedToken | undefined> {
    const { refreshToken } = this;
    const stored = await this.options.storage?.read();
    // Another process that has the same session was faster.
    if (stored !== undefined && stored.refreshToken !== refreshToken) return this.adopt(stored);
    try {
      return await this.keep(await this.post<Tokens>('refresh', refreshToken === undefined ? {} : { refreshToken }));
    } catch (error) {
      if (!(error instanceof ChanceryError) || error.status !== UNAUTHORIZED) throw error;
      if (this.signedIn) await this.end();
      return undefined;
    }
  }

  private async end(): Promise<void> {
    this.refreshToken = undefined;
    this.accessToken = undefined;
    await this.options.storage?.write(undefined);
    this.options.onEnd?.();
  }

  /** @throws ChanceryError */
  private async post<Answer>(
    name: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const answer = await this.send(
      new Request(`${this.options.baseUrl}/v1/auth/${name}`, {
        method: 'POST',
        headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = await answer.text();
    const json: unknown = /json/.test(answer.headers.get('Content-Type') ?? '') ? JSON.parse(text) : undefined;
    if (!answer.ok) throw new ChanceryError(answer.status, json);
    return json as Answer;
  }
}
