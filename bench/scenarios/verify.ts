import { type Scenario, repeat } from '../harness/scenario.ts';
import { load, perSecond, rejections, warmUp } from '../harness/load.ts';
import { TokenCheck } from '../harness/tokens.ts';

const CONNECTIONS = 64;

/** `POST /v1/verify` with a durable event, against a handler that only verifies. */
export const verify: Scenario = {
  name: 'verify',
  title: 'Verifying one token again and again',
  async run({ fixture, floors, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const rows = [];
    for (const algorithm of ['HS256', 'ES256'] as const) {
      const service = await fixture.createService(tenant, algorithm);
      const headers = { 'X-Service-Key': service.serviceKey };
      const { body } = await fixture.must('POST', `/v1/sign/${service.profile}`, { subject: 'verified' }, headers);
      const request = {
        url: `${fixture.server.address}/v1/verify`,
        method: 'POST',
        headers,
        body: JSON.stringify({ profile: service.profile, token: body.token }),
        connections: CONNECTIONS,
        seconds,
      };
      await warmUp(request);
      const faults: string[] = [];
      const notes = new Set<string>();
      const measured = await repeat(repetitions, async () => {
        const floor = await floors.verify(algorithm, CONNECTIONS, seconds);
        const check = await TokenCheck.start(fixture, service, { action: 'token.verified' });
        const result = await load(request);
        faults.push(...(await check.faults([result])));
        const wrong = result.samples.filter((sample) => !sample.includes('"valid":true')).length;
        if (wrong > 0 || result.samples.length === 0) faults.push(`${wrong} good tokens were rejected`);
        for (const rejection of rejections(result)) notes.add(rejection);
        return { value: perSecond(result), floor };
      });
      rows.push({
        scenario: 'verify',
        name: `verify ${algorithm}, ${CONNECTIONS} connections`,
        unit: 'requests/s' as const,
        comparedWith: 'bare Fastify',
        repetitions: measured,
        faults,
        notes: [...notes],
      });
    }
    return rows;
  },
};
