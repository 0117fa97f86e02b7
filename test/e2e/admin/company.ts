import {
  type BroughtBack,
  CLIENT_ID,
  CLIENT_SECRET,
  type RealProvider,
  type ScriptedProvider,
  redirectUri,
} from '../../support/identity-provider.js';
import {
  type Answer,
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
} from '../../support/server.js';

/** Issuers of tests are on the machine itself, without TLS. */
export const REACHABLE = { CHANCERY_ISSUER_NETWORKS: '127.0.0.0/8', CHANCERY_ISSUER_PLAIN_HTTP: 'true' };

export const configuration = (issuer: string, more: object = {}) => ({
  name: 'Company',
  issuer,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  password: PASSWORD,
  ...more,
});

export async function createProvider(
  server: TestServer,
  tenant: TestTenant,
  issuer: string,
  more: object = {},
): Promise<string> {
  const created = await server.post(`${tenant.path}/identity-providers`, configuration(issuer, more), tenant.owner);
  if (created.status !== 201) throw new Error(`The provider was refused: ${created.text}`);
  return created.body['id']!;
}

export async function begin(server: TestServer, providerId: string): Promise<Shape> {
  const begun = await server.post(`/v1/auth/identity-providers/${providerId}/sign-in`, {
    redirectUri: redirectUri(providerId),
  });
  if (begun.status !== 200) throw new Error(`The sign-in was refused: ${begun.text}`);
  return begun.body;
}

export const complete = (server: TestServer, signInToken: string, answer: BroughtBack): Promise<Answer> =>
  server.post('/v1/auth/identity-providers/complete', { signInToken, ...answer });

/** A sign-in at the provider that answers what the test says. */
export async function signInScripted(
  server: TestServer,
  scripted: ScriptedProvider,
  providerId: string,
  person: RealProvider['person'],
): Promise<Answer> {
  scripted.person = person;
  const begun = await begin(server, providerId);
  return complete(server, begun['signInToken']!, scripted.authorize(begun['authorizationUrl']!));
}

let people = 0;
/** A person whom no other test knows. */
export function person(more: object = {}) {
  const sub = `person-${++people}`;
  return { sub, email: `${sub}@acme.test`, email_verified: true, name: 'Ada', ...more };
}

/** The credentials of a session that began. */
export function callOf({ status, body, text }: Answer): Call & { readonly token: string } {
  if (status !== 200 || typeof body['accessToken'] !== 'string') throw new Error(`No session: ${text}`);
  return { token: body['accessToken'] };
}

export async function eventsOf(server: TestServer, tenant: TestTenant, action: string): Promise<Shape[]> {
  const answer = await server.get(`${tenant.path}/audit-events?action=${action}`, tenant.owner);
  return answer.body['items'] as unknown as Shape[];
}

export const CODE = (status: number, code: string, reason?: string) => ({
  status,
  body: { code, ...(reason === undefined ? {} : { reason }) },
});
