import { type Pair, type Row, type Scenario, repeat } from '../harness/scenario.ts';
import { load, perSecond, rejections } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const CONNECTIONS = 64;

const ROWS = [
  { algorithm: 'HS256', atLeast: 0.8 },
  { algorithm: 'ES256', atLeast: 0.85 },
  { algorithm: 'EdDSA', atLeast: 0.85 },
  { algorithm: 'RS256', atLeast: 0.8 },
] as const;

/** Of the slowest of a hundred requests to most of them. */
const TAIL_TIMES_MAX = 10;

/**
 * `POST /v1/sign/{profile}` with a durable event, against a handler that signs the same and stores nothing; and how much longer
 * than most requests of the same load the slowest of a hundred took.
 */
export const sign: Scenario = {
  name: 'sign',
  title: 'Signing, one algorithm after the other',
  async run({ fixture, floors, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const rows: Row[] = [];
    for (const { algorithm, atLeast } of ROWS) {
      const service = await fixture.createService(tenant, algorithm, algorithm === 'RS256' ? 2_048 : undefined);
      const faults: string[] = [];
      const notes = new Set<string>();
      const tails: Pair[] = [];
      const measured = await repeat(repetitions, async () => {
        const floor =
          algorithm === 'RS256' ? await floors.rsa2048(seconds) : await floors.sign(algorithm, CONNECTIONS, seconds);
        const check = await TokenCheck.start(fixture, service);
        const result = await load(signRequest(fixture, service, { connections: CONNECTIONS, seconds }));
        faults.push(...(await check.faults([result])));
        for (const rejection of rejections(result)) notes.add(rejection);
        const { p99, p50 } = result.latencyMilliseconds;
        tails.push({ value: p99, floor: p50 });
        return { value: perSecond(result), floor };
      });
      rows.push({
        scenario: 'sign',
        name: `sign ${algorithm}, ${CONNECTIONS} connections`,
        unit: 'requests/s',
        comparedWith: algorithm === 'RS256' ? 'openssl speed, all cores' : 'bare Fastify',
        goal: { atLeast },
        repetitions: measured,
        faults,
        notes: [...notes],
      });
      rows.push({
        scenario: 'sign',
        name: `p99 of sign ${algorithm}, ${CONNECTIONS} connections`,
        unit: 'ms',
        comparedWith: 'its p50',
        goal: { atMost: TAIL_TIMES_MAX },
        repetitions: tails,
        faults: [],
        notes: [],
      });
    }
    return rows;
  },
};
