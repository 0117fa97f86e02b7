import { expect, it } from 'vitest';

import {
  ChanceryError,
  UserSession,
  apiToken,
  cachedToken,
  createClient,
  dataOf,
  jwtCredential,
  serviceKey,
} from '#sdk';
import { TokenRefused, tokenVerifier } from '#sdk/verify';

import type { TestService } from '../signing/issuer.js';
import { startExpress, startNest } from './applications.js';

export const ORDERS = 'https://orders.example';

/** A server, of this release or of another, with a tenant that was made on it. */
export interface ServerOfSdk {
  readonly url: string;
  readonly tenantId: string;
  readonly owner: { readonly email: string; readonly password: string };
  readonly apiToken: string;
  readonly service: TestService;
  /** Signs by an asymmetric key for the audience `ORDERS`. */
  readonly profile: string;
  /** A profile for another audience. */
  readonly otherProfile: string;
}

/** What programs do by the SDK, as tests of a server by the real time. */
export function worksWithTheSdk(release: string, given: () => ServerOfSdk): void {
  const asService = () => createClient({ baseUrl: given().url, credentials: serviceKey(given().service.serviceKey) });
  const tokenFor = async (subject: string, profile = given().profile) =>
    dataOf(asService().POST('/v1/sign/{profile}', { params: { path: { profile } }, body: { subject } }));
  const rules = () => ({ issuer: `${given().url}/v1/tenants/${given().tenantId}`, audience: ORDERS });

  it(`${release} takes every credential of the SDK`, async () => {
    const { url: baseUrl, tenantId, service } = given();
    for (const credentials of [
      serviceKey(service.serviceKey),
      jwtCredential({ serviceId: service.id, secret: service.jwtSecret }),
    ]) {
      const whoami = await dataOf(createClient({ baseUrl, credentials }).GET('/v1/whoami'));
      expect(whoami.service.id).toBe(service.id);
    }
    const automation = createClient({ baseUrl, credentials: apiToken({ token: given().apiToken }) });
    const params = { path: { tenantId } };
    const { items } = await dataOf(automation.GET('/v1/tenants/{tenantId}/services', { params }));
    expect(items.map(({ id }) => id)).toContain(service.id);
  });

  it(`${release} renews and ends a session of the SDK, which creates a thing once`, async () => {
    const { url: baseUrl, tenantId, owner } = given();
    let instant = Date.parse((await fetch(`${baseUrl}/health/live`)).headers.get('Date')!);
    const session = new UserSession({ baseUrl, now: () => instant });
    expect(await session.signIn(owner)).toBeUndefined();
    const headers = await session.headers();
    instant += 20 * 60_000;
    expect(await session.headers()).not.toEqual(headers);
    const client = createClient({ baseUrl, credentials: session });
    const request = {
      params: { path: { tenantId }, header: { 'Idempotency-Key': 'once' } },
      body: { name: 'by the SDK' },
    };
    const created = await dataOf(client.POST('/v1/tenants/{tenantId}/services', request));
    const repeated = await dataOf(client.POST('/v1/tenants/{tenantId}/services', request));
    expect(repeated.service.id).toBe(created.service.id);
    await session.signOut();
    expect((await fetch(`${baseUrl}/v1/auth/me`, { headers })).status).toBe(401);
  });

  it(`${release} refuses as the SDK understands`, async () => {
    const params = { path: { profile: 'none' } };
    const refused = dataOf(asService().POST('/v1/sign/{profile}', { params, body: {} }));
    await expect(refused).rejects.toBeInstanceOf(ChanceryError);
    await expect(refused).rejects.toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });

  it(`${release} signs tokens that the verifier and both guards accept, and no others`, async () => {
    const token = cachedToken(() => tokenFor('order-4711'));
    const verify = tokenVerifier(rules());
    expect(await verify(await token())).toMatchObject({ sub: 'order-4711' });
    expect(await token()).toBe(await token());
    const { token: ofAnother } = await tokenFor('order-4711', given().otherProfile);
    const changed = (await token()).replace(/\.[^.]+\./, `.${(await tokenFor('order-1')).token.split('.')[1]}.`);
    for (const wrong of [ofAnother, changed]) await expect(verify(wrong)).rejects.toBeInstanceOf(TokenRefused);
    for (const application of [await startNest(rules(), given().url), await startExpress(rules())]) {
      const statuses = [];
      for (const shown of [await token(), ofAnother, changed]) {
        const answer = await fetch(`${application.url}/orders`, { headers: { Authorization: `Bearer ${shown}` } });
        statuses.push(answer.status);
      }
      await application.close();
      expect(statuses).toEqual([200, 401, 401]);
    }
  });
}
