import type { BenchService, Fixture } from '../harness/fixture.ts';
import { type Scenario, repeat } from '../harness/scenario.ts';
import { type Variant, load, rejections } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const CONNECTIONS = 8;
const TENANTS = 1_000;
const SERVICES = 10;
const CREDENTIALS = 4;
/** How many tenants are made at the same time. */
const AT_ONCE = 4;

/** Signing for a thousand tenants in turn, against signing for one of them. */
export const manyTenants: Scenario = {
  name: 'many-tenants',
  title: `${TENANTS.toLocaleString('en')} tenants with ${SERVICES} services of ${CREDENTIALS} credentials each`,
  long: true,
  async run({ fixture, seconds, repetitions }) {
    const alone = await fixture.createService(await fixture.createTenant(), 'HS256');
    const all = await fill(fixture);
    const variants = all.flatMap(({ service, keys }) =>
      keys.map((key): Variant => ({ path: `/v1/sign/${service.profile}`, headers: { 'X-Service-Key': key } })),
    );
    // Neighbours in time are of different tenants.
    const mixed = variants.map((_, place) => variants[(place * 7_919) % variants.length]!);
    const request = signRequest(fixture, alone, { connections: CONNECTIONS, seconds });
    const faults: string[] = [];
    const notes = new Set<string>([`${variants.length} credentials in use`]);
    const measured = await repeat(repetitions, async () => {
      const check = await TokenCheck.start(fixture, alone);
      const one = await load(request);
      faults.push(...(await check.faults([one])));
      const many = await load({ ...request, variants: mixed, repeated: true });
      for (const rejection of [one, many].flatMap(rejections)) notes.add(rejection);
      if (many.samples.some((sample) => !sample.includes('"token":"ey'))) faults.push('an answer holds no token');
      return { value: many.latencyMilliseconds.p50, floor: one.latencyMilliseconds.p50 };
    });
    return [
      {
        scenario: 'many-tenants',
        name: `p50 of sign HS256 for ${TENANTS} tenants in turn, ${CONNECTIONS} connections`,
        unit: 'ms' as const,
        comparedWith: 'for 1 tenant',
        goal: { atMost: 1.2 },
        repetitions: measured,
        faults,
        notes: [...notes],
      },
    ];
  },
};

interface FilledTenant {
  readonly service: BenchService;
  /** One of each service. */
  readonly keys: readonly string[];
}

async function fill(fixture: Fixture): Promise<FilledTenant[]> {
  const filled: FilledTenant[] = [];
  const maker = async (): Promise<void> => {
    while (filled.length < TENANTS) filled.push(await fillOne(fixture));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, maker));
  return filled;
}

async function fillOne(fixture: Fixture): Promise<FilledTenant> {
  const tenant = await fixture.createTenant();
  const settings = { settings: { credentialsPerType: CREDENTIALS } };
  await fixture.must('PATCH', tenant.path, settings, { Authorization: `Bearer ${tenant.token}` });
  const service = await fixture.createService(tenant, 'HS256');
  const keys = [service.serviceKey];
  for (let number = 1; number < SERVICES; number += 1) {
    const request = { name: `service ${number}`, profiles: [service.profile] };
    const { body } = await fixture.asOwner(tenant, 'POST', 'services', request);
    keys.push(String(body.serviceKey!['secret']));
    for (let more = 1; more < CREDENTIALS; more += 1) {
      await fixture.asOwner(tenant, 'POST', `services/${body.service!['id']}/credentials`, { authType: 'service_key' });
    }
  }
  return { service, keys };
}
