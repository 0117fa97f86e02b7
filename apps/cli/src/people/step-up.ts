import { dataOf } from '#sdk';

import { Refusal } from '../terminal.js';
import type { Work } from './command.js';

/** A fresh proof of the caller, for a request that asks for one. */
export interface Proof {
  readonly body: { readonly password?: string };
  readonly header: { readonly 'X-Step-Up'?: string };
}

/** RFC 6238 with six digits: no password is so short. */
const CODE = /^\d{6}$/;

/**
 * Asks the person for a password or the code of an app, which never is a parameter: other users of a machine see those.
 * @param why what is confirmed
 * @throws Refusal where there is no person to ask; ChanceryError for a code that is rejected
 */
export async function proofOf({ server, terminal }: Work<object>, why: string): Promise<Proof> {
  // An API token was permitted at its creation to do what takes a proof, or is rejected: it can give none.
  if (server.isApiToken) return { body: {}, header: {} };
  if (terminal.ask === undefined) {
    throw new Refusal('A password is needed, and the standard input is closed; an API token with --step-up needs none');
  }
  const typed = await terminal.ask(`${why}: password, or the code of your app: `, { hidden: true });
  const code = typed.replaceAll(' ', '');
  if (!CODE.test(code)) return { body: { password: typed }, header: {} };
  const { stepUpToken } = await dataOf(server.client.POST('/v1/auth/step-up', { body: { totp: code } }));
  return { body: {}, header: { 'X-Step-Up': stepUpToken } };
}
