import { certificateRequestOf } from '../harness/cfssl.ts';
import { type Scenario, repeat } from '../harness/scenario.ts';
import { type LoadRequest, type Variant, load, perSecond, rejections, warmUp } from '../harness/load.ts';
import { createRequestKey } from '../harness/request-tokens.ts';
import { TokenCheck } from '../harness/tokens.ts';

const CONNECTIONS = 64;
const CUSTOMERS = 50;
const BODIES = Array.from({ length: CUSTOMERS }, (_, customer) =>
  JSON.stringify({ serial: `EXAMPLECUSTOMER${customer}`, eliteSeats: customer, aiMessaging: { standardBundles: 2 } }),
);
/** Each is accepted once, and more than any server here takes in that time. */
const UPDATES_PER_SECOND = 4_000;
const PATH = '/v1/licensing/update';

/** A signed update of an entitlement: certificate, signature, hash of the body, `jti`, and the next revision of its customer. */
export const licensing: Scenario = {
  name: 'licensing',
  title: 'Signed updates of entitlements',
  async run({ fixture, floors, seconds, repetitions }) {
    const service = await fixture.createService(await fixture.createTenant(), 'HS256');
    const { pem, tokenFor } = createRequestKey();
    const authority = { name: 'licensing', subject: { commonName: 'licensing' }, keyAlgorithm: 'ES256' };
    await fixture.asOwner(service.tenant, 'POST', 'certificate-authorities', authority);
    const certificate = await fixture.asOwner(service.tenant, 'POST', 'certificates', {
      csr: certificateRequestOf(pem),
    });
    const kid = certificate.body.kid!;
    const updates = (count: number): Promise<{ readonly body: string; readonly token: string }[]> =>
      Promise.all(
        Array.from({ length: count }, async (_, number) => {
          const body = BODIES[number % CUSTOMERS]!;
          return { body, token: await tokenFor(body, kid) };
        }),
      );
    const variantOf = ({ body, token }: { body: string; token: string }): Variant => ({
      body,
      headers: { Authorization: `Bearer ${token}` },
    });
    const common = { method: 'POST', headers: {}, body: '', connections: CONNECTIONS, seconds };
    const request: LoadRequest = { ...common, url: fixture.server.address + PATH };
    await warmUp({ ...request, variants: (await updates(UPDATES_PER_SECOND)).map(variantOf) });
    const faults: string[] = [];
    const notes = new Set<string>();
    const measured = await repeat(repetitions, async () => {
      const made = await updates(UPDATES_PER_SECOND * seconds);
      const variants = made.map(({ body, token }) => ({ body: JSON.stringify({ token, body }) }));
      const floor = await floors.verifyBound({ pem, variants }, CONNECTIONS, seconds);
      const check = await TokenCheck.start(fixture, service, { action: 'license.updated' });
      const result = await load({ ...request, variants: made.map(variantOf) });
      faults.push(...(await check.faults([result])));
      if (result.sent > made.length) faults.push('an update was sent a second time: make more of them');
      if (result.samples.length === 0 || result.samples.some((sample) => !sample.includes('"status":"accepted"')))
        faults.push('a good update was not accepted');
      const headers = { Authorization: `Bearer ${made[0]!.token}` };
      const again = await fixture.request('POST', PATH, JSON.parse(made[0]!.body), headers);
      if (again.body.code !== 'DUPLICATE_JTI') faults.push(`an update was accepted a second time: ${again.status}`);
      for (const rejection of rejections(result)) notes.add(rejection);
      return { value: perSecond(result), floor };
    });
    return [
      {
        scenario: 'licensing',
        name: `signed updates of ${CUSTOMERS} entitlements, ${CONNECTIONS} connections`,
        unit: 'requests/s' as const,
        comparedWith: 'bare Fastify that only verifies',
        repetitions: measured,
        faults,
        notes: [...notes],
      },
    ];
  },
};
