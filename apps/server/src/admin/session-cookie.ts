import { Injectable } from '@nestjs/common';
import { type SerializeOptions, parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PublicUrl } from '#config';
import type { BegunSignIn } from '#identity-providers';
import type { StartedSession } from '#tenants';
import { httpErrors } from '../http/errors.js';

/** Name and attributes of the cookie of a session. */
interface CookieForm {
  readonly name: string;
  readonly attributes: Pick<SerializeOptions, 'path' | 'httpOnly' | 'secure' | 'sameSite'>;
}

const ATTRIBUTES = { path: '/', httpOnly: true, sameSite: 'strict' } as const;

/**
 * A cookie of an installation that browsers reach at this URL. Over https its prefix promises that no other host set it
 * (RFC 6265bis §4.1.3.2). Browsers store such a cookie over https only, so that plain http on the machine itself has one
 * without prefix.
 * @param name without the prefix
 * @returns `undefined` for plain http over a network, where everybody on the way could read the cookie
 */
export function cookieFormOf(publicUrl: string, name: string): CookieForm | undefined {
  const url = new URL(publicUrl);
  if (url.protocol === 'https:') return { name: `__Host-${name}`, attributes: { ...ATTRIBUTES, secure: true } };
  return isLoopback(url) ? { name, attributes: ATTRIBUTES } : undefined;
}

/** Headers of a browser about the page of a request. */
interface PageFacts {
  /** RFC 6454 §7: sent with every POST. */
  readonly origin?: string | undefined;
  /** Fetch Metadata Request Headers §2.3; older browsers do not send it. */
  readonly 'sec-fetch-site'?: string | string[] | undefined;
  readonly host?: string | undefined;
}

/**
 * Whether a request comes from a page of this installation. Browsers also send cookies with requests of
 * other pages, so that a cookie alone does not authenticate a request.
 */
export function isOwnPage({ origin, host, 'sec-fetch-site': site }: PageFacts, publicUrl: string): boolean {
  if (origin === undefined || (site !== undefined && site !== 'same-origin')) return false;
  const own = new URL(publicUrl);
  if (origin === own.origin) return true;
  // A machine has several loopback names. Other names that resolve to it are not accepted.
  const isLocal = own.protocol === 'http:' && isLoopback(own) && origin === `http://${host}`;
  return isLocal && URL.canParse(origin) && isLoopback(new URL(origin));
}

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);

/** A secret of a browser, in a cookie that its scripts cannot read and that only pages of this installation send. */
abstract class SecretCookie {
  protected constructor(
    private readonly publicUrl: PublicUrl,
    private readonly name: string,
  ) {}

  /** Before something starts that is to be kept in the cookie. @throws ORIGIN_NOT_ALLOWED, COOKIE_SESSION_UNAVAILABLE */
  requireUsable(request: FastifyRequest): void {
    this.form();
    this.requireOwnPage(request);
  }

  /** What the browser sent, if anything. @throws ORIGIN_NOT_ALLOWED where it comes with the request of another page */
  read(request: FastifyRequest): string | undefined {
    const form = cookieFormOf(this.publicUrl.current, this.name);
    const secret = form && parseCookie(request.headers.cookie ?? '')[form.name];
    if (!secret) return undefined;
    this.requireOwnPage(request);
    return secret;
  }

  clear(reply: FastifyReply): void {
    this.set(reply, '', 0);
  }

  /** @throws COOKIE_SESSION_UNAVAILABLE */
  protected set(reply: FastifyReply, value: string, maxAge: number): void {
    const { name, attributes } = this.form();
    reply.header('Set-Cookie', stringifySetCookie({ name, value, maxAge, ...attributes }));
  }

  private form(): CookieForm {
    const form = cookieFormOf(this.publicUrl.current, this.name);
    if (!form) throw httpErrors.COOKIE_SESSION_UNAVAILABLE();
    return form;
  }

  private requireOwnPage({ headers }: FastifyRequest): void {
    const url = this.publicUrl.current;
    if (isOwnPage(headers, url)) return;
    throw httpErrors.ORIGIN_NOT_ALLOWED(`Cookies are accepted from pages of ${new URL(url).origin}`);
  }
}

/** The refresh token of a session. */
@Injectable()
export class SessionCookie extends SecretCookie {
  constructor(publicUrl: PublicUrl) {
    super(publicUrl, 'chancery-session');
  }

  /** @throws COOKIE_SESSION_UNAVAILABLE */
  write(reply: FastifyReply, { refreshToken, refreshExpiresInSeconds }: StartedSession): void {
    this.set(reply, refreshToken.reveal(), refreshExpiresInSeconds);
  }
}

/** What binds a sign-in by an identity provider to the browser that began it. */
@Injectable()
export class SignInCookie extends SecretCookie {
  constructor(publicUrl: PublicUrl) {
    super(publicUrl, 'chancery-sign-in');
  }

  /** @throws COOKIE_SESSION_UNAVAILABLE */
  write(reply: FastifyReply, { secret, expiresInSeconds }: BegunSignIn): void {
    this.set(reply, secret.reveal(), expiresInSeconds);
  }
}
