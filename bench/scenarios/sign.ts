import { type Scenario, repeat } from '../harness/scenario.ts';
import { load, perSecond, rejections } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const CONNECTIONS = 64;

const ROWS = [
  { algorithm: 'HS256', atLeast: 0.8 },
  { algorithm: 'ES256', atLeast: 0.85 },
  { algorithm: 'EdDSA', atLeast: 0.85 },
  { algorithm: 'RS256', atLeast: 0.8 },
] as const;

/** `POST /v1/sign/{profile}` with a durable event, against a handler that signs the same and stores nothing. */
export const sign: Scenario = {
  name: 'sign',
  title: 'Signing, one algorithm after the other',
  async run({ fixture, floors, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const rows = [];
    for (const { algorithm, atLeast } of ROWS) {
      const service = await fixture.createService(tenant, algorithm, algorithm === 'RS256' ? 2_048 : undefined);
      const faults: string[] = [];
      const notes = new Set<string>();
      const measured = await repeat(repetitions, async () => {
        const floor =
          algorithm === 'RS256' ? await floors.rsa2048(seconds) : await floors.sign(algorithm, CONNECTIONS, seconds);
        const check = await TokenCheck.start(fixture, service);
        const result = await load(signRequest(fixture, service, { connections: CONNECTIONS, seconds }));
        faults.push(...(await check.faults([result])));
        for (const rejection of rejections(result)) notes.add(rejection);
        return { value: perSecond(result), floor, p99: result.latencyMilliseconds.p99 };
      });
      rows.push({
        scenario: 'sign',
        name: `sign ${algorithm}, ${CONNECTIONS} connections`,
        unit: 'requests/s' as const,
        comparedWith: algorithm === 'RS256' ? 'openssl speed, all cores' : 'bare Fastify',
        goal: { atLeast },
        repetitions: measured,
        faults,
        notes: [`p99 ${Math.round(Math.max(...measured.map(({ p99 }) => p99)))} ms`, ...notes],
      });
    }
    return rows;
  },
};
