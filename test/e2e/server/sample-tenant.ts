import { generateKeyPairSync } from 'node:crypto';

import { Deliveries } from '#announcements';

import { createApiToken, createServiceAccount, invite } from '../../support/people.js';
import { PASSWORD, type Shape, type TestServer, type TestTenant } from '../../support/server.js';
import { AcmeTestClient, bind } from '../acme/acme-client.js';
import { createCertificate } from '../certificates/pki.js';
import { createIssuer } from '../signing/issuer.js';
import { certify, requestToken, update } from '../vendors/vendor.js';

/** What each parameter of a path names in one tenant. */
export type Identifiers = Readonly<Record<string, string>>;

const CERTIFICATES = '/v1/tenants/:tenantId/certificates';

/** What a parameter is called among the identifiers: the word `kid` names key versions and certificates. */
export const identifierOf = (path: string, parameter: string): string =>
  parameter === 'kid' && path.startsWith(CERTIFICATES) ? 'certificateKid' : parameter;

/** Gives a tenant one of each thing that a path can name, and a service that may do everything that services may. */
export async function fillTenant(
  server: TestServer,
  owned: TestTenant,
): Promise<{ identifiers: Identifiers; serviceKey: string }> {
  const issuer = await createIssuer(server, owned);
  const first = async (path: string): Promise<Shape> => {
    const { items } = (await server.get(`${owned.path}/${path}`, owned.owner)).body;
    return (items as unknown as Shape[])[0]!;
  };
  const { caId, kid: certificateKid } = await createCertificate(server, owned);
  const contacts = [`ops@${owned.slug}.test`];
  await server.patch(`${owned.path}/certificates/${certificateKid}`, { contacts }, owned.owner);
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const token = requestToken({ kid: await certify(server, owned, key), clock: server.clock, key });
  const { body: license } = await update(server, token);
  const serviceAccountId = await createServiceAccount(server, owned, 'auditor');
  const filter = { serviceId: issuer.service.id };
  const { body: rotation } = await server.post(`${owned.path}/credentials:rotate`, { filter }, owned.owner);
  await invite(server, owned, `invited@${owned.slug}.test`, 'auditor');
  // A name of a private address: nothing is sent, and the delivery stays pending.
  const webhook = { url: 'https://localhost/', actions: ['webhook.created'] };
  const created = await server.post(`${owned.path}/webhooks`, webhook, owned.owner);
  const webhookId: string = created.body['webhook']!['id']!;
  await server.server.app.get(Deliveries).deliverDue();
  const provider = { name: 'Company', issuer: 'https://login.example.com', clientId: 'chancery', password: PASSWORD };
  const { body: identityProvider } = await server.post(`${owned.path}/identity-providers`, provider, owned.owner);
  const trust = { name: 'ci', issuer: provider.issuer, audience: 'https://chancery.test', subject: 'workload' };
  const trusts = `${owned.path}/services/${issuer.service.id}/trusts`;
  const { acmeAccountId, acmeBindingId } = await createAcmeAccount(server, owned, caId, issuer.service.id);
  const { body: trusted } = await server.post(trusts, trust, owned.owner);
  return {
    serviceKey: issuer.service.serviceKey,
    identifiers: {
      tenantId: owned.id,
      caId,
      certificateKid,
      licenseId: license['licenseId']!,
      serviceId: issuer.service.id,
      rotationId: rotation['id']!,
      credentialId: (await first(`services/${issuer.service.id}/credentials`))['id']!,
      keyId: issuer.keyId,
      kid: issuer.kid,
      name: issuer.profile,
      userId: (await first('members'))['userId']!,
      invitationId: (await first('invitations'))['id']!,
      serviceAccountId,
      webhookId,
      acmeAccountId,
      acmeBindingId,
      trustId: trusted['id']!,
      identityProviderId: identityProvider['id']!,
      deliveryId: (await first(`webhooks/${webhookId}/deliveries`))['id']!,
      apiTokenId: (await createApiToken(server, owned, ['keys:read'], { serviceAccountId })).id,
      sequence: (await first('audit-events'))['id']!,
      month: (await first('history/months'))['id']!,
    },
  };
}

/** An ACME account of the service without orders, and a binding that was not used. */
async function createAcmeAccount(server: TestServer, owned: TestTenant, caId: string, serviceId: string) {
  const binding = await bind(server, owned, serviceId, { caId });
  const client = new AcmeTestClient(server, binding.directoryUrl);
  await client.register(binding);
  const unused = await bind(server, owned, serviceId, { caId });
  return { acmeAccountId: client.kid!.split('/').at(-1)!, acmeBindingId: unused.id };
}
