import { randomBytes } from 'node:crypto';

import { jwtVerify } from 'jose';

import { type BenchService, type Fixture, serviceKeyIn } from '../harness/fixture.ts';
import { type Scenario, repeat } from '../harness/scenario.ts';
import { type Variant, load, perSecond, rejections, warmUp } from '../harness/load.ts';
import { TokenCheck } from '../harness/tokens.ts';

const CONNECTIONS = 64;
/** As many as a profile may permit a service (`perServicePerMinute`): so the load is of many services. */
const TOKENS_OF_SERVICE_PER_MINUTE = 600;
const SERVICES = 60;
const REQUESTS_PER_SECOND = 6_000;
const CUSTOMER = 'CUSTOMER';

/** A token for a phone number: counted against the limits of number and service, and kept with its transaction. */
export const telesign: Scenario = {
  name: 'telesign',
  title: 'Tokens for phone numbers, counted and kept',
  async run({ fixture, floors, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const secret = randomBytes(32);
    const service = await fixture.createServiceOf(tenant, {
      algorithm: 'HS256',
      key: { format: 'secret-base64', data: secret.toString('base64') },
      profile: {
        format: 'telesign-app-verify',
        issuer: CUSTOMER,
        settings: { perServicePerMinute: TOKENS_OF_SERVICE_PER_MINUTE },
      },
    });
    const serviceKeys = await createServices(fixture, service);
    let phoneNumber = 10_000_000_000;
    const phones = (count: number): Variant[] =>
      Array.from({ length: count }, () => {
        phoneNumber += 1;
        const headers = { 'X-Service-Key': serviceKeys[phoneNumber % SERVICES]! };
        return { body: JSON.stringify({ phoneNumber: `+${phoneNumber}` }), headers };
      });
    const common = { method: 'POST', headers: {}, body: '', connections: CONNECTIONS, seconds };
    const request = { ...common, url: `${fixture.server.address}/v1/sign/${service.profile}` };
    await warmUp({ ...request, variants: phones(2 * REQUESTS_PER_SECOND) });
    const idOf = async (token: string): Promise<string> => {
      const { payload } = await jwtVerify(token, secret, { algorithms: ['HS256'], issuer: CUSTOMER });
      const { phn, xid } = payload;
      if (typeof phn !== 'string' || typeof xid !== 'string') throw new Error('a token has no phone number');
      return xid;
    };
    const faults: string[] = [];
    const notes = new Set<string>();
    const measured = await repeat(repetitions, async () => {
      const floor = await floors.sign('HS256', CONNECTIONS, seconds);
      const check = await TokenCheck.start(fixture, service, { idOf });
      const result = await load({ ...request, variants: phones(REQUESTS_PER_SECOND * seconds) });
      faults.push(...(await check.faults([result])));
      for (const rejection of rejections(result)) notes.add(rejection);
      return { value: perSecond(result), floor };
    });
    return [
      {
        scenario: 'telesign',
        name: `tokens for phone numbers, HS256, ${CONNECTIONS} connections`,
        unit: 'tokens/s' as const,
        comparedWith: 'bare Fastify that only signs',
        repetitions: measured,
        faults,
        notes: [...notes],
      },
    ];
  },
};

/** The keys of services that may all use the profile. */
async function createServices(fixture: Fixture, { tenant, profile }: BenchService): Promise<string[]> {
  const keys: string[] = [];
  for (let number = 0; number < SERVICES; number += 1) {
    const request = { name: `phones ${number}`, profiles: [profile] };
    keys.push(serviceKeyIn((await fixture.asOwner(tenant, 'POST', 'services', request)).body));
  }
  return keys;
}
