import { generateKeyPairSync } from 'node:crypto';

import { CompactSign, SignJWT, generateKeyPair } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { systemClock } from '#core';

import {
  CLIENT_ID,
  CLIENT_SECRET,
  type ScriptedProvider,
  redirectUri,
  startScriptedProvider,
} from '../../support/identity-provider.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import {
  CODE,
  REACHABLE,
  begin,
  callOf,
  complete,
  createProvider,
  eventsOf,
  person,
  signInScripted,
} from './company.js';

/** Which check of the library failed: its codes. */
const CLAIM = 'OAUTH_JWT_CLAIM_COMPARISON_FAILED';
const TIMES = 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';
const RESPONSE = 'OAUTH_INVALID_RESPONSE';
const ALGORITHM = 'OAUTH_UNSUPPORTED_OPERATION';

let server: TestServer;
let scripted: ScriptedProvider;
beforeAll(async () => {
  [server, scripted] = await Promise.all([
    startTestServer({ clock: systemClock, environment: REACHABLE }),
    startScriptedProvider(),
  ]);
});
afterAll(async () => {
  await Promise.all([server.close(), scripted.close()]);
});
beforeEach(() => {
  scripted.dishonesty = {};
});

describe('the answer of a provider', () => {
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const now = () => Math.floor(Date.now() / 1_000);
  let tenant: TestTenant;
  let providerId: string;
  beforeAll(async () => {
    tenant = await createTenant(server);
    providerId = await createProvider(server, tenant, scripted.issuer, {
      roleMappings: [{ group: '*', role: 'auditor' }],
    });
  });

  it('the answer of a provider that is honest begins a session', async () => {
    expect((await signInScripted(server, scripted, providerId, person())).status).toBe(200);
    scripted.dishonesty = { claims: { aud: [CLIENT_ID, 'another'], azp: CLIENT_ID } };
    callOf(await signInScripted(server, scripted, providerId, person()));
  });

  it('the answer of a provider with text that is no Unicode begins a session, unless it is the address', async () => {
    const call = callOf(await signInScripted(server, scripted, providerId, person({ name: 'A\ud800da' })));
    expect((await server.get('/v1/auth/me', call)).body['user']).toMatchObject({ name: 'A\ufffdda' });
    const nameless = person({ email: 'a\ud800da@acme.test' });
    expect(await signInScripted(server, scripted, providerId, nameless)).toMatchObject(
      CODE(403, 'IDENTITY_NOT_ADMITTED', 'EMAIL_MISSING'),
    );
  });

  const unsigned = (claims: object): Promise<string> => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return Promise.resolve(`${part({ alg: 'none' })}.${part(claims)}.`);
  };

  it.each<[string, string, () => ScriptedProvider['dishonesty']]>([
    ['the issuer of the ID token is another', CLAIM, () => ({ claims: { iss: 'https://evil.test' } })],
    ['the audience is another', CLAIM, () => ({ claims: { aud: 'another' } })],
    [
      'the audience is one of several without an authorized party',
      CLAIM,
      () => ({ claims: { aud: [CLIENT_ID, 'another'] } }),
    ],
    ['the authorized party is another', CLAIM, () => ({ claims: { aud: [CLIENT_ID, 'another'], azp: 'another' } })],
    [
      'the authorized party of a single audience is another',
      'AUTHORIZED_PARTY',
      () => ({ claims: { azp: 'another' } }),
    ],
    ['the nonce is that of another sign-in', CLAIM, () => ({ claims: { nonce: 'another' } })],
    ['there is no nonce', RESPONSE, () => ({ claims: { nonce: undefined } })],
    ['the ID token has expired', TIMES, () => ({ claims: { iat: now() - 3_600, exp: now() - 120 } })],
    ['the ID token is of the future', TIMES, () => ({ claims: { nbf: now() + 3_600 } })],
    ['there is no subject', RESPONSE, () => ({ claims: { sub: undefined } })],
    ['the subject is too long', 'SUBJECT', () => ({ claims: { sub: 's'.repeat(256) } })],
    ['the ID token is not signed', ALGORITHM, () => ({ sign: unsigned })],
    [
      'the ID token is signed with the client secret',
      ALGORITHM,
      () => ({
        sign: (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(CLIENT_SECRET.padEnd(32))),
      }),
    ],
    [
      'the ID token is signed with a key that the provider does not publish',
      RESPONSE,
      () => ({
        sign: async (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign((await generateKeyPair('ES256')).privateKey),
      }),
    ],
    [
      'the ID token names another algorithm than the provider',
      RESPONSE,
      () => ({
        sign: (claims) =>
          new CompactSign(Buffer.from(JSON.stringify(claims)))
            .setProtectedHeader({ alg: 'RS256' })
            .sign(foreign.privateKey),
      }),
    ],
    ['the issuer of the answer is another (RFC 9207)', RESPONSE, () => ({ answer: { iss: 'https://evil.test' } })],
    ['the answer names no issuer, which the provider always does', RESPONSE, () => ({ answer: { iss: undefined } })],
    ['the state is another', RESPONSE, () => ({ answer: { state: 'another' } })],
    ['the code is unknown', 'OAUTH_RESPONSE_BODY_ERROR', () => ({ answer: { code: 'unknown' } })],
    [
      'the person was rejected there',
      'OAUTH_AUTHORIZATION_RESPONSE_ERROR',
      () => ({ answer: { code: undefined, error: 'access_denied' } }),
    ],
  ])('the answer of a provider is rejected where %s', async (_, reason, dishonesty) => {
    scripted.dishonesty = dishonesty();
    expect(await signInScripted(server, scripted, providerId, person())).toMatchObject(
      CODE(401, 'IDENTITY_REJECTED', reason),
    );
    expect((await eventsOf(server, tenant, 'identity_provider.refused'))[0]).toMatchObject({ outcome: 'denied' });
  });

  it('the answer of a provider that rotated its key is accepted at the next sign-in', async () => {
    callOf(await signInScripted(server, scripted, providerId, person()));
    await scripted.rotate();
    expect((await signInScripted(server, scripted, providerId, person())).status).toBe(200);
  });

  it.each([
    ['an older one', 'NOT_SIGNED_IN_AGAIN', () => ({ auth_time: now() - 300 })],
    ['none', RESPONSE, () => ({ auth_time: undefined })],
  ])('the answer of a provider to a step-up needs a new sign-in, and not %s', async (_, reason, claims) => {
    const ada = person();
    const call = callOf(await signInScripted(server, scripted, providerId, ada));
    const stepUp = async (dishonest: object) => {
      const begun = await server.post(
        '/v1/auth/step-up/identity-provider',
        { redirectUri: redirectUri(providerId) },
        call,
      );
      scripted.dishonesty = { claims: { ...ada, ...dishonest } };
      const { signInToken, authorizationUrl } = begun.body;
      const answer = { signInToken, ...scripted.authorize(authorizationUrl!) };
      return server.post('/v1/auth/step-up/identity-provider/complete', answer, call);
    };
    expect(await stepUp(claims())).toMatchObject(CODE(401, 'IDENTITY_REJECTED', reason));
    expect((await stepUp({ auth_time: now() })).status).toBe(200);
  });

  it.each([undefined, 42, 'no URL', 'javascript:alert(1)'])(
    'no sign-in begins at a provider whose page is %j',
    async (authorizationEndpoint) => {
      const broken = await startScriptedProvider();
      onTestFinished(broken.close);
      broken.metadata['authorization_endpoint'] = authorizationEndpoint;
      const brokenId = await createProvider(server, await createTenant(server), broken.issuer);
      const path = `/v1/auth/identity-providers/${brokenId}/sign-in`;
      const begun = await server.post(path, { redirectUri: redirectUri(brokenId) });
      expect(begun).toMatchObject(CODE(422, 'ISSUER_UNUSABLE'));
    },
  );

  it('the answer of one provider is not accepted for another', async () => {
    const other = await startScriptedProvider();
    const otherId = await createProvider(server, tenant, other.issuer);
    const begun = await begin(server, otherId);
    const state = new URL(begun['authorizationUrl']!).searchParams.get('state')!;
    const mixedUp = scripted.authorize((await begin(server, providerId))['authorizationUrl']!);
    expect(
      await complete(server, begun['signInToken']!, { ...mixedUp, state, identityProviderId: otherId }),
    ).toMatchObject(CODE(401, 'IDENTITY_REJECTED', RESPONSE));
    await other.close();
  });

  it('the answer of a provider that names no issuer is sent to no other provider (RFC 9700 §4.4)', async () => {
    const attacker = await startScriptedProvider();
    for (const one of [attacker, scripted]) one.metadata['authorization_response_iss_parameter_supported'] = false;
    onTestFinished(async () => {
      delete scripted.metadata['authorization_response_iss_parameter_supported'];
      await attacker.close();
    });
    scripted.dishonesty = { answer: { iss: undefined } };
    const attackerId = await createProvider(server, tenant, attacker.issuer);
    const honestId = await createProvider(server, tenant, scripted.issuer);
    const begun = await begin(server, attackerId);
    const state = new URL(begun['authorizationUrl']!).searchParams.get('state')!;
    // The attacker sends the browser on to the honest provider, which sends it back to the one redirect URI that it knows.
    const stolen = scripted.authorize((await begin(server, honestId))['authorizationUrl']!);
    expect(await complete(server, begun['signInToken']!, { ...stolen, state })).toMatchObject(
      CODE(401, 'IDENTITY_REJECTED', 'ANOTHER_PROVIDER'),
    );
    expect(attacker.codes).toEqual([]);
    expect((await eventsOf(server, tenant, 'identity_provider.refused'))[0]).toMatchObject({
      target: { id: attackerId },
      details: { reason: 'ANOTHER_PROVIDER' },
    });
  });
});
