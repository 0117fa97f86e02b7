import { Secret, TOTP } from 'otpauth';

import { type Authenticator, createAuthenticator } from './authenticator.js';
import { PASSWORD, type TestServer } from './server.js';

/** An application with the secret of a person. */
export interface Application {
  readonly factorId: string;
  /** In Base32. */
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
  /** The code at an instant; that of the clock by default. */
  code(at?: number): string;
}

/** Enrols codes of an application for the user of a session; the code of this moment is used up. */
export async function enrolTotp(
  server: TestServer,
  token: string,
  headers: Readonly<Record<string, string>> = {},
  password = PASSWORD,
): Promise<Application> {
  const request = { kind: 'totp', name: 'phone', password };
  const enrolled = await server.post('/v1/auth/factors', request, { token, headers });
  if (enrolled.status !== 201) throw new Error(`The factor was refused: ${enrolled.text}`);
  const secret: string = enrolled.body['totp']!['secret']!;
  const generator = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = (at = server.clock.now()): string => generator.generate({ timestamp: at });
  const factorId: string = enrolled.body['factor']!['id']!;
  const confirmed = await server.post(`/v1/auth/factors/${factorId}/confirm`, { totp: code() }, { token });
  if (confirmed.status !== 200) throw new Error(`The code was refused: ${confirmed.text}`);
  return { factorId, secret, recoveryCodes: (confirmed.body['recoveryCodes'] ?? []) as never, code };
}

/** Enrols a passkey for the user of a session, from a page of the server. */
export async function enrolPasskey(
  server: TestServer,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly factorId: string; readonly device: Authenticator }> {
  const request = { kind: 'passkey', name: 'laptop', password: PASSWORD };
  const enrolled = await server.post('/v1/auth/factors', request, { token, headers });
  if (enrolled.status !== 201) throw new Error(`The factor was refused: ${enrolled.text}`);
  const device = createAuthenticator(pageOf(server));
  const factorId: string = enrolled.body['factor']!['id']!;
  const passkey = device.create(enrolled.body['passkey']!);
  const confirmed = await server.post(`/v1/auth/factors/${factorId}/confirm`, { passkey }, { token });
  if (confirmed.status !== 200) throw new Error(`The passkey was refused: ${confirmed.text}`);
  return { factorId, device };
}

/** The origin that passkeys of a server on the machine itself belong to. */
export const pageOf = ({ url }: TestServer): string => `http://localhost:${new URL(url).port}`;

/** The header of a step-up by this proof. */
export async function stepUp(server: TestServer, token: string, proof: object): Promise<Record<string, string>> {
  const answer = await server.post('/v1/auth/step-up', proof, { token });
  if (answer.status !== 200) throw new Error(`The step-up was refused: ${answer.text}`);
  return { 'X-Step-Up': answer.body['stepUpToken']! };
}
