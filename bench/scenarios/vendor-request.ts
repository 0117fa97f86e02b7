import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { promisify } from 'node:util';

import { type Scenario, repeat } from '../harness/scenario.ts';
import { type Variant, load, perSecond, rejections } from '../harness/load.ts';
import { TokenCheck } from '../harness/tokens.ts';

/** On all cores: tens of thousands are signed. */
const signTogether = promisify(sign);

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
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
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
    const faults: string[] = [];
    const notes = new Set<string>();
    const measured = await repeat(repetitions, async () => {
      const tokens = await Promise.all(Array.from({ length: TOKENS_PER_SECOND * seconds }, () => tokenOf(kid)));
      const variants = tokens.map((token): Variant => {
        return { body: JSON.stringify({ profile: service.profile, token, body: BODY, consume: true }) };
      });
      const floor = await floors.verifyBound({ pem, variants }, CONNECTIONS, seconds);
      const check = await TokenCheck.start(fixture, service, 'token.verified');
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

    /** Signing costs more than what is measured: the signature is made here and not asked of the server. */
    async function tokenOf(keyId: string): Promise<string> {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = {
        payload_hash: createHash('sha256').update(BODY).digest('hex'),
        jti: randomUUID(),
        exp: Math.floor(Date.now() / 1_000) + 1_200,
      };
      const data = `${part({ alg: 'RS256', typ: 'JWT', kid: keyId })}.${part(claims)}`;
      const signature = await signTogether('sha256', Buffer.from(data), privateKey);
      return `${data}.${signature.toString('base64url')}`;
    }
  },
};
