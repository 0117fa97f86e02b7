import type { Row, Scenario } from '../harness/scenario.ts';
import { type LoadResult, accepted, load, rejections } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const BASELINE_CONNECTIONS = 8;
/** Each connection asks without pause: three times as many as the server lets one tenant wait with. */
const FLOOD_CONNECTIONS = 1_500;
const RECOVERED_WITHIN_SECONDS = 10;
const TIMES_MAX = 2;
/** How a server that has too much to do answers (RFC 6585 §4, RFC 9110 §15.6.4). */
const OVERLOAD_STATUSES = ['429', '503'];

/** Three times what the server holds: it answers what it cannot do quickly, and is as before within 10 s. */
export const overload: Scenario = {
  name: 'overload',
  title: 'Three times what the server holds, and afterwards',
  async run({ fixture, seconds }) {
    const service = await fixture.createService(await fixture.createTenant(), 'ES256');
    const calm = signRequest(fixture, service, { connections: BASELINE_CONNECTIONS, seconds: 1 });
    const check = await TokenCheck.start(fixture, service);
    const before = await load(calm);
    const flood = await load(signRequest(fixture, service, { connections: FLOOD_CONNECTIONS, seconds: 2 * seconds }));
    const ended = performance.now();
    const results: LoadResult[] = [before, flood];
    let recovered: number | undefined;
    let after = before;
    while (recovered === undefined && performance.now() - ended < 1_000 * RECOVERED_WITHIN_SECONDS) {
      after = await load(calm);
      results.push(after);
      const isAsBefore = after.latencyMilliseconds.p50 <= TIMES_MAX * before.latencyMilliseconds.p50;
      if (accepted(after) > 0 && isAsBefore) recovered = performance.now() - ended;
    }
    const wrong = Object.keys(flood.statuses).filter(
      (status) => status !== '200' && !OVERLOAD_STATUSES.includes(status),
    );
    const faults = [
      ...(await check.faults(results)),
      ...(wrong.length > 0 ? [`answered with ${wrong.join(', ')}`] : []),
      ...(recovered === undefined ? [`not as before within ${RECOVERED_WITHIN_SECONDS} s`] : []),
    ];
    const refused = Object.entries(flood.statuses).reduce(
      (sum, [status, count]) => sum + (status === '200' ? 0 : count),
      0,
    );
    const common = { scenario: 'overload', faults, unit: 'ms' as const };
    const rows: Row[] = [
      {
        ...common,
        name: `p50 of ES256 after ${FLOOD_CONNECTIONS} connections asked without pause`,
        comparedWith: 'before',
        goal: { atMost: TIMES_MAX },
        repetitions: [{ value: after.latencyMilliseconds.p50, floor: before.latencyMilliseconds.p50 }],
        notes: [
          `as before after ${((recovered ?? Number.NaN) / 1_000).toFixed(1)} s`,
          `${accepted(flood)} accepted`,
          ...rejections(flood),
        ],
      },
    ];
    if (refused > 0) {
      rows.push({
        ...common,
        name: 'p99 of a rejection under this load',
        comparedWith: 'p99 of a token under this load',
        goal: { atMost: 1 },
        repetitions: [{ value: flood.rejectionMilliseconds.p99, floor: flood.latencyMilliseconds.p99 }],
        notes: rejections(flood),
      });
    }
    return rows;
  },
};
