import { type Scenario, repeat } from '../harness/scenario.ts';
import { load, perSecond, rejections } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const TOKENS_PER_REQUEST = 20;
const CONNECTIONS = 16;

/** `POST /v1/sign/{profile}/batch` against the same tokens asked for one by one, of the same server. */
export const batch: Scenario = {
  name: 'batch',
  title: 'Signing, many tokens by one request',
  async run({ fixture, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const rows = [];
    for (const algorithm of ['HS256', 'ES256'] as const) {
      const service = await fixture.createService(tenant, algorithm);
      const faults: string[] = [];
      const notes = new Set<string>();
      const measure = async (tokensPerRequest?: number): Promise<number> => {
        const check = await TokenCheck.start(fixture, service);
        const shape = { connections: CONNECTIONS, seconds };
        const request = tokensPerRequest === undefined ? shape : { ...shape, tokensPerRequest };
        const result = await load(signRequest(fixture, service, request));
        faults.push(...(await check.faults([result], tokensPerRequest)));
        for (const rejection of rejections(result)) notes.add(rejection);
        return perSecond(result) * (tokensPerRequest ?? 1);
      };
      const measured = await repeat(repetitions, async () => {
        const floor = await measure();
        return { value: await measure(TOKENS_PER_REQUEST), floor };
      });
      rows.push({
        scenario: 'batch',
        name: `sign ${algorithm}, ${TOKENS_PER_REQUEST} tokens a request, ${CONNECTIONS} connections`,
        unit: 'tokens/s' as const,
        comparedWith: 'the server itself, one token a request',
        goal: { atLeast: 2.5 },
        repetitions: measured,
        faults,
        notes: [...notes],
      });
    }
    return rows;
  },
};
