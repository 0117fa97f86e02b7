import { X509Certificate } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { AcmeValidations } from '#acme';
import { ManualClock, SECOND } from '#core';

import { sanExtension } from '../../conformance/certificates/pure-samples.js';
import * as der from '../../support/asn1.js';
import { type TestDnsServer, startDnsServer } from '../../support/dns-server.js';
import { type Answer, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { AcmeTestClient, ChallengeHost, csrOf, prepareAcme } from './acme-client.js';

const clock = new ManualClock();
const host = new ChallengeHost();
let dns: TestDnsServer;
let server: TestServer;

beforeAll(async () => {
  dns = await startDnsServer();
  server = await startTestServer({
    clock,
    environment: {
      CHANCERY_ACME_RESOLVERS: dns.address,
      CHANCERY_ACME_HTTP_PORT: String(await host.listen()),
      CHANCERY_ACME_NETWORKS: '127.0.0.1',
    },
  });
});
afterAll(async () => {
  await server.close();
  dns.close();
  host.close();
});

const typeOf = ({ body }: Answer): string | undefined => (body['type'] as string | undefined)?.split(':').at(-1);

/** Does what the schedule of a process does, for as many attempts as there are. */
const validate = async (rounds = 1): Promise<void> => {
  for (let round = 0; round < rounds; round += 1) {
    await server.server.app.get(AcmeValidations).validateDue();
    if (rounds > 1) await server.setTime(clock.now() + 16 * SECOND);
  }
};
const ROUNDS_OF_ALL_ATTEMPTS = 6;

it('an order by ACME for an address is proven by http-01 alone, within the networks of the authority', async () => {
  const networks = ['127.0.0.0/30', '10.9.0.0/16'];
  const tenant = await createTenant(server, 'addresses');
  const { binding } = await prepareAcme(server, tenant, { names: { sanKinds: ['dns', 'ip'], networks } });
  const client = new AcmeTestClient(server, binding.directoryUrl);
  await client.register(binding);
  const name = 'web.addresses.internal';
  dns.addresses.set(name, '127.0.0.1');
  const ip = (value: string) => ({ type: 'ip', value });
  const order = (...identifiers: object[]) => client.post(client.url('new-order'), { identifiers });
  expect(typeOf(await order(ip('127.0.0.9')))).toBe('rejectedIdentifier');
  const { body, headers } = await order(ip('127.0.0.1'), { type: 'dns', value: name });
  expect(body['identifiers']).toEqual([ip('127.0.0.1'), { type: 'dns', value: name }]);
  const [authorization] = body['authorizations'] as unknown as string[];
  const shown = (await client.post(authorization!)).body;
  expect(shown).toMatchObject({ identifier: ip('127.0.0.1'), challenges: [{ type: 'http-01' }] });
  for (const { token, url } of await client.challenges(body)) {
    host.answers.set(token, client.keyAuthorization(token));
    await client.post(url, {});
  }
  await validate();
  const address = der.implicit(7, Buffer.from([127, 0, 0, 1]));
  const finalize = (...names: Buffer[]) =>
    client.post(body['finalize']!, { csr: csrOf([name], { extensions: [sanExtension(...names)] }) });
  const dnsName = (value: string) => der.implicit(2, Buffer.from(value, 'latin1'));
  expect(typeOf(await finalize(dnsName(name), dnsName('127.0.0.1')))).toBe('badCSR');
  const finalized = await finalize(dnsName(name), address);
  expect([finalized.status, finalized.body['status']]).toEqual([200, 'valid']);
  const { text } = await client.post(finalized.body['certificate']!);
  expect(new X509Certificate(text).checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect((await client.post(headers.get('location')!)).body['status']).toBe('valid');
  // The authority may certify it; this server does not connect to it (CHANCERY_ACME_NETWORKS).
  const unreachable = await order(ip('10.9.0.1'));
  const { url, token } = (await client.challenges(unreachable.body))[0]!;
  host.answers.set(token, client.keyAuthorization(token));
  await client.post(url, {});
  await validate(ROUNDS_OF_ALL_ATTEMPTS);
  const error = { type: 'urn:ietf:params:acme:error:connection' };
  // §7.1.2.1: what is invalid is not listed.
  expect((await client.post(`${client.kid}/orders`)).body).toEqual({ orders: [headers.get('location')] });
  expect((await client.post(url)).body).toMatchObject({ status: 'invalid', error });
});
