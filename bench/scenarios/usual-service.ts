import { randomBytes } from 'node:crypto';

import { createBenchDatabase } from '../harness/database.ts';
import { type Scenario, repeat } from '../harness/scenario.ts';
import { type LoadResult, accepted, load, perSecond, rejections, warmUp } from '../harness/load.ts';
import { withPeer } from '../harness/peers.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const CONNECTIONS = 64;

const PEERS = [
  { peer: 'usual-nest', title: 'the usual way with Nest' },
  { peer: 'usual-express', title: 'the usual way with Express' },
] as const;

/** The same service as it is usually written, with the same kind of database: see `peers/usual-*.ts`. */
export const usualService: Scenario = {
  name: 'usual-service',
  title: 'Signing, against the service as it is usually written',
  async run({ fixture, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const rows = [];
    for (const { peer, title } of PEERS) {
      const database = await createBenchDatabase(fixture.database.serverUrl);
      const serviceKey = randomBytes(24).toString('base64url');
      try {
        const ofPeer = await withPeer(
          peer,
          { DATABASE_URL: database.url, SERVICE_KEY: serviceKey },
          async ({ address }) => {
            const found = [];
            for (const algorithm of ['HS256', 'ES256'] as const) {
              const service = await fixture.createService(tenant, algorithm);
              const ours = signRequest(fixture, service, { connections: CONNECTIONS, seconds });
              const theirs = { ...ours, url: `${address}/sign/${algorithm}`, headers: { 'X-Service-Key': serviceKey } };
              await warmUp(theirs);
              const faults: string[] = [];
              const measured = await repeat(repetitions, async () => {
                const floor = await load(theirs);
                faults.push(...faultsOf(floor));
                const check = await TokenCheck.start(fixture, service);
                const result = await load(ours);
                faults.push(...(await check.faults([result])));
                return { value: perSecond(result), floor: perSecond(floor) };
              });
              found.push({
                scenario: 'usual-service',
                name: `sign ${algorithm}, ${CONNECTIONS} connections`,
                unit: 'requests/s' as const,
                comparedWith: title,
                goal: { atLeast: 8 },
                repetitions: measured,
                faults,
                notes: [],
              });
            }
            return found;
          },
        );
        rows.push(...ofPeer);
      } finally {
        await database.drop();
      }
    }
    return rows;
  },
};

const faultsOf = (result: LoadResult): string[] =>
  accepted(result) > 0 &&
  result.samples.every((sample) => sample.includes('"token":"ey')) &&
  rejections(result).length === 0
    ? []
    : [`the usual service failed: ${rejections(result).join()}`];
