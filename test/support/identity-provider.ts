import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type CryptoKey, type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

export const CLIENT_ID = 'chancery';
export const CLIENT_SECRET = 'a client secret that is long enough';
/** Of a program on the machine of the person; nothing listens there. */
export const redirectUri = (providerId: string): string => `http://127.0.0.1:8400/callback/${providerId}`;

/** The client of a workload, which is the subject of its tokens. */
export const WORKLOAD = 'checkout-job';

/** What a provider knows of a person. */
export type PersonClaims = { readonly sub: string } & Readonly<Record<string, unknown>>;

/** What a provider sent a browser back with, and the id of the provider to whose redirect URI. */
export type BroughtBack = Readonly<Record<string, string>>;

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

const providerIn = (address: string): string => address.slice(address.lastIndexOf('/') + 1);

/** A browser with cookies that goes where it is sent, until it is sent back to the client. */
async function browse(url: string, cookies: Map<string, string>): Promise<BroughtBack> {
  const redirectUri = new URL(url).searchParams.get('redirect_uri')!;
  for (let next = url, hop = 0; hop < 10; hop += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie } });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${next} was answered ${answer.status} ${await answer.text()}`);
    next = new URL(location, next).href;
    if (next.startsWith(`${redirectUri}?`)) {
      return { ...Object.fromEntries(new URL(next).searchParams), identityProviderId: providerIn(redirectUri) };
    }
  }
  throw new Error('The provider sent the browser in circles');
}

export interface RealProvider {
  readonly issuer: string;
  /** Who signs in next. */
  person: PersonClaims;
  /** How often a person had to sign in. */
  readonly signIns: () => number;
  /** A token of the audience for a workload, as an access token of the client `WORKLOAD` (RFC 9068). */
  workloadToken(audience: string): Promise<string>;
  /** A person with a browser of their own, which remembers them. */
  browser(): (authorizationUrl: string) => Promise<BroughtBack>;
  close(): Promise<void>;
}

const REGISTERED = /^http:\/\/127\.0\.0\.1:\d+\/(console\/sign-in\/)?callback\/[0-9a-f-]{36}$/;

/** `oidc-provider`, where whoever is asked to sign in is `person` and consents to everything. */
export async function startRealProvider(): Promise<RealProvider> {
  const server = createServer((request, response) => handle(request, response));
  const issuer = await listen(server);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const people = new Map<string, PersonClaims>();
  let signIns = 0;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/callback'],
        id_token_signed_response_alg: 'ES256',
      },
      {
        client_id: WORKLOAD,
        client_secret: CLIENT_SECRET,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'first' }] as never },
    scopes: ['openid', 'email', 'profile', 'groups'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    cookies: { keys: [randomUUID()] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({
          scope: '',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    ttl: {
      ClientCredentials: 1_800,
      Interaction: 600,
      Grant: 600,
      Session: 600,
      AccessToken: 600,
      AuthorizationCode: 60,
      IdToken: 600,
    },
    interactions: { url: (_, { uid }) => `/interact/${uid}` },
    findAccount: (_, accountId) => ({ accountId, claims: async () => ({ ...people.get(accountId)!, sub: accountId }) }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: CLIENT_ID, accountId: oidc.session!.accountId! });
      grant.addOIDCScope('openid email profile groups');
      await grant.save();
      return grant;
    },
  });
  // The ids of the providers of the tests are not known here.
  provider.Client.prototype.redirectUriAllowed = (uri: string) => REGISTERED.test(uri);
  const callback = provider.callback();
  const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { prompt } = await provider.interactionDetails(request, response);
    if (prompt.name !== 'login') return provider.interactionFinished(request, response, { consent: {} });
    const { person } = started;
    people.set(person.sub, person);
    signIns += 1;
    return provider.interactionFinished(request, response, { login: { accountId: person.sub } });
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (!request.url?.startsWith('/interact/')) return void callback(request, response);
    void interact(request, response);
  };
  const started: RealProvider = {
    issuer,
    person: { sub: 'nobody' },
    signIns: () => signIns,
    workloadToken: async (audience) => {
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${btoa(`${WORKLOAD}:${encodeURIComponent(CLIENT_SECRET)}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }),
      });
      if (!answer.ok) throw new Error(`The provider gave no token: ${await answer.text()}`);
      return ((await answer.json()) as { access_token: string }).access_token;
    },
    browser: () => {
      const cookies = new Map<string, string>();
      return (url) => browse(url, cookies);
    },
    close: () => stop(server),
  };
  return started;
}

/** What a dishonest or broken provider answers in place of what is right. */
export interface Dishonesty {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, string>>;
  /** Signs the ID token in place of the key of the provider. */
  readonly sign?: (claims: Record<string, unknown>) => Promise<string>;
  /** Parameters with which the browser comes back. */
  readonly answer?: Readonly<Record<string, string | undefined>>;
}

export interface ScriptedProvider {
  readonly issuer: string;
  person: PersonClaims;
  dishonesty: Dishonesty;
  /** What its discovery document says beside the usual. */
  readonly metadata: Record<string, unknown>;
  /** Makes a new key, which signs from now on; the former one is not published any more. */
  rotate(): Promise<void>;
  /** Signs claims with the present key. */
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, string>>): Promise<string>;
  /** Sends the browser back without asking anybody anything. */
  authorize(authorizationUrl: string): BroughtBack;
  /** The codes that its token endpoint got. */
  readonly codes: string[];
  /** How often its keys were read. */
  readonly keyReads: () => number;
  close(): Promise<void>;
}

/** A provider that answers whatever a test says, right or wrong. */
export async function startScriptedProvider(): Promise<ScriptedProvider> {
  let key: { readonly privateKey: CryptoKey; readonly jwk: JWK };
  let keyReads = 0;
  const nonces = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const json = (body: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const path = request.url ?? '';
    if (path === '/.well-known/openid-configuration') return json({ ...usual(), ...provider.metadata });
    if (path === '/jwks') {
      keyReads += 1;
      return json({ keys: [key.jwk] });
    }
    if (path !== '/token') return void response.writeHead(404).end();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const code = new URLSearchParams(Buffer.concat(chunks).toString()).get('code') ?? '';
    provider.codes.push(code);
    const nonce = nonces.get(code);
    if (nonce === undefined) {
      response.writeHead(400, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify({ error: 'invalid_grant' }));
    }
    nonces.delete(code);
    const { dishonesty, person } = provider;
    const now = Math.floor(Date.now() / 1_000);
    const honest = { iss: provider.issuer, aud: CLIENT_ID, nonce, iat: now, exp: now + 300, ...person };
    const claims = { ...honest, ...dishonesty.claims };
    const idToken = await (dishonesty.sign ?? ((all) => provider.sign(all, dishonesty.header)))(claims);
    return json({ access_token: 'opaque', token_type: 'Bearer', id_token: idToken });
  });
  const issuer = await listen(server);
  const usual = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
    authorization_response_iss_parameter_supported: true,
  });
  const provider: ScriptedProvider = {
    issuer,
    person: { sub: 'nobody' },
    dishonesty: {},
    metadata: {},
    codes: [],
    rotate: async () => {
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      key = { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: randomUUID(), alg: 'ES256', use: 'sig' } };
    },
    sign: (claims, header = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: key.jwk.kid!, ...header })
        .sign(key.privateKey),
    authorize: (authorizationUrl) => {
      const asked = new URL(authorizationUrl).searchParams;
      const code = randomUUID();
      nonces.set(code, asked.get('nonce') ?? '');
      const identityProviderId = providerIn(asked.get('redirect_uri') ?? '');
      const honest = { identityProviderId, code, state: asked.get('state') ?? '', iss: issuer };
      const answer = Object.entries({ ...honest, ...provider.dishonesty.answer });
      return Object.fromEntries(answer.filter(([, value]) => value !== undefined)) as BroughtBack;
    },
    keyReads: () => keyReads,
    close: () => stop(server),
  };
  await provider.rotate();
  return provider;
}
