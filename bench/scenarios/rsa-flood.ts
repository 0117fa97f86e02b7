import { setTimeout as delay } from 'node:timers/promises';

import type { BenchContext, Row, Scenario } from '../harness/scenario.ts';
import { repeat } from '../harness/scenario.ts';
import { load, perSecond, rejections } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const QUIET_CONNECTIONS = 8;
const FLOOD_CONNECTIONS = 32;
const BATCH_TOKENS = 20;
/** The flood runs before and after what is measured beside it. */
const LEAD_SECONDS = 1;

async function measure(
  { fixture, seconds, repetitions }: BenchContext,
  { name, tokensPerRequest }: { readonly name: string; readonly tokensPerRequest?: number },
): Promise<Row> {
  const quiet = await fixture.createService(await fixture.createTenant(), 'HS256');
  const flooding = await fixture.createService(await fixture.createTenant(), 'RS256', 2_048);
  const faults: string[] = [];
  const notes: string[] = [];
  const measured = await repeat(repetitions, async () => {
    const [quietCheck, floodCheck] = [
      await TokenCheck.start(fixture, quiet),
      await TokenCheck.start(fixture, flooding),
    ];
    const request = signRequest(fixture, quiet, { connections: QUIET_CONNECTIONS, seconds });
    const alone = await load(request);
    const flood = { connections: FLOOD_CONNECTIONS, seconds: seconds + 2 * LEAD_SECONDS };
    const flooded = load(
      signRequest(fixture, flooding, { ...flood, ...(tokensPerRequest === undefined ? {} : { tokensPerRequest }) }),
    );
    await delay(1_000 * LEAD_SECONDS);
    const beside = await load(request);
    const rsa = await flooded;
    faults.push(...(await quietCheck.faults([alone, beside])), ...(await floodCheck.faults([rsa], tokensPerRequest)));
    const tokens = perSecond(rsa) * (tokensPerRequest ?? 1);
    notes.push(
      [`RS256 ${Math.round(tokens)}/s`, ...rejections(rsa), ...rejections(beside).map((text) => `HS256 ${text}`)].join(
        ', ',
      ),
    );
    return { value: beside.latencyMilliseconds.p50, floor: alone.latencyMilliseconds.p50 };
  });
  return {
    scenario: 'rsa-flood',
    name,
    unit: 'ms',
    comparedWith: 'without the flood',
    goal: { atMost: 3 },
    repetitions: measured,
    faults,
    notes,
  };
}

/** One tenant asks for RS256 without pause; how long does another one wait for HS256? */
export const rsaFlood: Scenario = {
  name: 'rsa-flood',
  title: 'HS256 of one tenant beside RS256 of another',
  run: async (context) => [
    await measure(context, { name: 'p50 of HS256, 8 connections, beside RS256 on 32' }),
    await measure(context, {
      name: `p50 of HS256, 8 connections, beside batches of ${BATCH_TOKENS} RS256 on 32`,
      tokensPerRequest: BATCH_TOKENS,
    }),
  ],
};
