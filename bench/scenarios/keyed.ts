import { randomUUID } from 'node:crypto';

import { type Scenario, repeat } from '../harness/scenario.ts';
import { type Variant, load, perSecond, rejections, warmUp } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const CONNECTIONS = 64;
/** More than any server here takes: a key that is sent again is answered from what is stored. */
const KEYS_PER_SECOND = 8_000;

/** `POST /v1/sign/{profile}` with an `Idempotency-Key`, whose answer is stored, against the same without one. */
export const keyed: Scenario = {
  name: 'keyed',
  title: 'Signing with an idempotency key',
  async run({ fixture, seconds, repetitions }) {
    const service = await fixture.createService(await fixture.createTenant(), 'HS256');
    const request = signRequest(fixture, service, { connections: CONNECTIONS, seconds });
    const keys = (count: number): Variant[] =>
      Array.from({ length: count }, () => ({ headers: { ...request.headers, 'Idempotency-Key': randomUUID() } }));
    await warmUp({ ...request, variants: keys(2 * KEYS_PER_SECOND) });
    const faults: string[] = [];
    const notes = new Set<string>();
    const measured = await repeat(repetitions, async () => {
      const check = await TokenCheck.start(fixture, service);
      const floor = await load(request);
      const variants = keys(KEYS_PER_SECOND * seconds);
      const result = await load({ ...request, variants });
      faults.push(...(await check.faults([floor, result])));
      if (result.sent > variants.length) faults.push('a key was sent a second time: make more of them');
      const [first, again] = [
        await fixture.must('POST', `/v1/sign/${service.profile}`, JSON.parse(request.body), variants[0]!.headers),
        await fixture.must('POST', `/v1/sign/${service.profile}`, JSON.parse(request.body), variants[0]!.headers),
      ];
      const isSame = first.body.token === again.body.token;
      if (!isSame || !result.statuses['200']) faults.push('a repeated key was answered with another token');
      for (const rejection of rejections(result)) notes.add(rejection);
      return { value: perSecond(result), floor: perSecond(floor) };
    });
    return [
      {
        scenario: 'keyed',
        name: `sign HS256 with an Idempotency-Key, ${CONNECTIONS} connections`,
        unit: 'requests/s' as const,
        comparedWith: 'the server itself, without a key',
        repetitions: measured,
        faults,
        notes: [...notes],
      },
    ];
  },
};
