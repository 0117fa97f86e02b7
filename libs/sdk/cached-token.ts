/** A token and until when it can be used, as `POST /v1/sign/{profile}` answers it. */
export interface ObtainedToken {
  readonly token: string;
  /** RFC 3339, or milliseconds since 1970. */
  readonly expiresAt: string | number;
}

export interface CachedTokenOptions {
  /** A token that is there already. */
  readonly first?: ObtainedToken;
  /** How long before its end a token is replaced; 60 by default, and at most half of what it had left at first. */
  readonly earlySeconds?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const EARLY_SECONDS_DEFAULT = 60;

interface Kept {
  readonly token: string;
  readonly replaceAt: number;
  readonly endsAt: number;
}

/**
 * Keeps a token until shortly before its end. Callers that ask at the same time share one request. In the last seconds of
 * a token the next one is fetched while the present one is still returned, so that neither a slow nor a failed request
 * delays anyone before the token has really ended.
 *
 * @param obtain asks for a token
 * @returns a function that gives a token which can be used now; it rejects with what `obtain` rejected with
 */
export function cachedToken(
  obtain: () => Promise<ObtainedToken>,
  { first, earlySeconds = EARLY_SECONDS_DEFAULT, now = Date.now }: CachedTokenOptions = {},
): () => Promise<string> {
  const keep = ({ token, expiresAt }: ObtainedToken): Kept => {
    const endsAt = typeof expiresAt === 'number' ? expiresAt : Date.parse(expiresAt);
    const earlyMilliseconds = Math.min(earlySeconds * 1_000, Math.max(0, endsAt - now()) / 2);
    return { token, endsAt, replaceAt: endsAt - earlyMilliseconds };
  };
  let kept = first && keep(first);
  let pending: Promise<Kept> | undefined;

  const fetchNext = (): Promise<Kept> => {
    pending ??= obtain()
      .then((obtained) => {
        kept = keep(obtained);
        return kept;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };

  return async () => {
    const instant = now();
    if (kept === undefined || instant >= kept.endsAt) return (await fetchNext()).token;
    // What fails here is asked for again by the next caller, and awaited once the present token has ended.
    if (instant >= kept.replaceAt) fetchNext().catch(() => undefined);
    return kept.token;
  };
}
