/** How a client shows who it is. */
export interface Credentials {
  /** The headers of the next request. @throws where none can be had */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** Called after a 401: whether the request is worth sending once more, with headers that are asked for again. */
  renew?(): Promise<boolean>;
}

export type Fetch = (request: Request) => Promise<Response>;

const UNAUTHORIZED = 401;

/** @throws TypeError for what no header can have, without it: `Headers` puts the value into its own */
export function setSecret(headers: Headers, name: string, value: string): void {
  if (!isHeaderValue(value)) throw new TypeError(`The credentials have characters that ${name} cannot have`);
  headers.set(name, value);
}

/** Whether `Headers` accepts the value (RFC 9110 §5.5; `fetch` removes white space around it). */
const isHeaderValue = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value.trim());

/** Sends each request with the credentials; one that was refused for them is sent once more where they could be renewed. */
export function authenticated(send: Fetch, credentials: Credentials | undefined): Fetch {
  if (credentials === undefined) return send;
  const attempt = async (request: Request): Promise<Response> => {
    for (const [name, value] of Object.entries(await credentials.headers())) setSecret(request.headers, name, value);
    return send(request);
  };
  return async (request) => {
    const again = credentials.renew === undefined ? undefined : request.clone();
    const answer = await attempt(request);
    if (answer.status !== UNAUTHORIZED || again === undefined || !(await credentials.renew?.())) return answer;
    return attempt(again);
  };
}
