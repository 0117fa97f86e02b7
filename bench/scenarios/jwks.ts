import { fromManyAddresses } from '../harness/addresses.ts';
import { load, perSecond, rejections, warmUp } from '../harness/load.ts';
import { withPeer } from '../harness/peers.ts';
import { type Scenario, repeat } from '../harness/scenario.ts';

const CONNECTIONS = 64;

/** The public keys of a tenant, which every verifier asks for, against a handler that sends a ready answer of the same length. */
export const jwks: Scenario = {
  name: 'jwks',
  title: 'The JWK Set of a tenant',
  async run({ fixture, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    await fixture.createService(tenant, 'ES256');
    const path = `${tenant.path}/.well-known/jwks.json`;
    const textOf = async (): Promise<string> => (await fetch(fixture.server.address + path)).text();
    const keysIn = (text: string): number => (JSON.parse(text) as { readonly keys: readonly unknown[] }).keys.length;
    const before = await textOf();
    const faults: string[] = keysIn(before) === 1 ? [] : [`one key is expected in ${before}`];
    const notes = new Set<string>();
    const answer = Buffer.from(before).toString('base64');
    const measured = await withPeer('ready-answer', { ANSWER: answer }, async ({ address }) => {
      const asking = { method: 'GET', headers: {}, body: '', connections: CONNECTIONS, seconds };
      const common = { ...asking, variants: fromManyAddresses, repeated: true };
      const [theirs, ours] = [
        { ...common, url: `${address}/jwks.json` },
        { ...common, url: fixture.server.address + path },
      ];
      await warmUp(theirs, ours);
      return repeat(repetitions, async () => {
        const floor = await load(theirs);
        const result = await load(ours);
        if (result.samples.some((sample) => sample !== before)) faults.push('an answer is another set');
        for (const rejection of rejections(result)) notes.add(rejection);
        return { value: perSecond(result), floor: perSecond(floor) };
      });
    });
    await fixture.createService(tenant, 'ES256');
    const after = await textOf();
    if (keysIn(after) !== 2) faults.push(`a new key is missing in ${after}`);
    return [
      {
        scenario: 'jwks',
        name: `JWK Set of one key, ${CONNECTIONS} connections`,
        unit: 'requests/s' as const,
        comparedWith: 'bare Fastify that sends a ready answer',
        repetitions: measured,
        faults,
        notes: [...notes],
      },
    ];
  },
};
