import { readFile } from 'node:fs/promises';

import { setSecret } from '../authentication.js';

/** Gives the token by which its platform names the workload (a JWT), as it is now. */
export type TokenSource = () => Promise<string>;

/**
 * A file that the platform replaces before its token ends, as Kubernetes does with a projected service account token: it is
 * read again each time.
 */
export function tokenFile(path: string): TokenSource {
  return async () => (await readFile(path, 'utf8')).trim();
}

export interface GithubActionsOptions {
  /** The `aud` of the token: what the trust names as its audience. */
  readonly audience: string;
  /** `ACTIONS_ID_TOKEN_REQUEST_URL`, which a job has by `permissions: { id-token: write }`. */
  readonly requestUrl: string;
  /** `ACTIONS_ID_TOKEN_REQUEST_TOKEN`. */
  readonly requestToken: string;
}

/**
 * The token of a job of GitHub Actions, another one each time.
 * @throws Error where GitHub gives none
 */
export function githubActions({ audience, requestUrl, requestToken }: GithubActionsOptions): TokenSource {
  const url = new URL(requestUrl);
  url.searchParams.set('audience', audience);
  return async () => {
    const headers = new Headers({ Accept: 'application/json' });
    setSecret(headers, 'Authorization', `Bearer ${requestToken}`);
    const answer = await fetch(url, { headers });
    const body: unknown = answer.ok ? await answer.json() : undefined;
    const { value } = (body ?? {}) as { readonly value?: unknown };
    if (typeof value !== 'string') throw new Error(`GitHub gave no ID token: it answered with status ${answer.status}`);
    return value;
  };
}
