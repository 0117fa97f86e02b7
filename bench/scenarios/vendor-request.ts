import { type Scenario, repeat } from '../harness/scenario.ts';
import { type Variant, load, perSecond, rejections, warmUp } from '../harness/load.ts';
import { createRequestKey } from '../harness/request-tokens.ts';
import { TokenCheck } from '../harness/tokens.ts';

const CONNECTIONS = 64;
const BODY = JSON.stringify({ serial: 'EXAMPLECUSTOMER1D57107A415DEE77F', features: { agents: 250, recording: true } });
/**
 * Each request has a token of its own, because each is accepted once: more than any server here takes in that time, for what
 * is sent again is rightly rejected.
 */
const TOKENS_PER_SECOND = 8_000;

/** A request of Xima CCaaS: signature, hash of the body, and its `jti`, which is accepted once and then kept. */
export const vendorRequest: Scenario = {
  name: 'vendor-request',
  title: 'Verifying requests of Xima CCaaS, each once',
  async run({ fixture, floors, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const { pem, tokenFor } = createRequestKey();
    const service = await fixture.createServiceOf(tenant, {
      algorithm: 'RS256',
      key: { format: 'pem', data: pem },
      profile: { format: 'xima-licensing' },
    });
    const headers = { 'X-Service-Key': service.serviceKey };
    const payload = { payload: JSON.parse(BODY) as object };
    const { body: signed } = await fixture.must('POST', `/v1/sign/${service.profile}`, payload, headers);
    const kid = signed.kid!;
    const request = {
      url: `${fixture.server.address}/v1/verify`,
      method: 'POST',
      headers,
      body: '',
      connections: CONNECTIONS,
      seconds,
    };
    const verified = { profile: service.profile, token: signed.token, body: signed.body };
    await warmUp({ ...request, body: JSON.stringify(verified) });
    const faults: string[] = [];
    const notes = new Set<string>();
    const measured = await repeat(repetitions, async () => {
      const tokens = await Promise.all(Array.from({ length: TOKENS_PER_SECOND * seconds }, () => tokenFor(BODY, kid)));
      const variants = tokens.map((token): Variant => {
        return { body: JSON.stringify({ profile: service.profile, token, body: BODY, consume: true }) };
      });
      const floor = await floors.verifyBound({ pem, variants }, CONNECTIONS, seconds);
      const check = await TokenCheck.start(fixture, service, { action: 'token.verified' });
      const result = await load({ ...request, variants });
      faults.push(...(await check.faults([result])));
      const wrong = result.samples.filter((sample) => !sample.includes('"valid":true'));
      if (result.sent > tokens.length) faults.push('every token was sent, and some a second time: make more of them');
      if (wrong.length > 0 || result.samples.length === 0)
        faults.push(`${wrong.length} good requests were rejected: ${wrong[0]}`);
      const again = await fixture.must('POST', '/v1/verify', JSON.parse(variants[0]!.body!), headers);
      if (again.body.valid) faults.push('a request was accepted a second time');
      for (const rejection of rejections(result)) notes.add(rejection);
      return { value: perSecond(result), floor };
    });
    return [
      {
        scenario: 'vendor-request',
        name: `verify a Xima request once, RS256, ${CONNECTIONS} connections`,
        unit: 'requests/s' as const,
        comparedWith: 'bare Fastify that only verifies',
        goal: { atLeast: 0.75 },
        repetitions: measured,
        faults,
        notes: [...notes],
      },
    ];
  },
};
