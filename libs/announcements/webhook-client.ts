import { SECOND } from '#core';
import { type DestinationPolicy, type SendError, send } from '#outbound';

/**
 * What became of one attempt: the status of the answer, or why there is none. `SECRET_UNREADABLE`: the rows of all secrets of
 * the webhook were altered, and nothing was sent; a new secret mends it.
 */
export type Attempt = { readonly status: number } | { readonly error: SendError | 'SECRET_UNREADABLE' };

/** How long an attempt may take, from the look-up of the name to the head of the answer. */
const ANSWER_WITHIN = 10 * SECOND;

/**
 * Sends one message. The body of the answer is not read, and the connection ends with it.
 * @param url has passed `requireDestination`; the policy can have changed since
 */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  policy: DestinationPolicy,
): Promise<Attempt> {
  const message = { url, method: 'POST', headers, body, bodyBytesMax: 0, withinMilliseconds: ANSWER_WITHIN };
  const outcome = await send(message, policy);
  return 'error' in outcome ? outcome : { status: outcome.status };
}
