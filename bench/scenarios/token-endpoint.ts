import { randomBytes } from 'node:crypto';

import { decodeJwt, decodeProtectedHeader } from 'jose';

import { type Scenario, repeat } from '../harness/scenario.ts';
import { load, perSecond, rejections, warmUp } from '../harness/load.ts';
import { withPeer } from '../harness/peers.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const CONNECTIONS = 64;

const ROWS = [
  { algorithm: 'ES256', atLeast: 2.5 },
  { algorithm: 'RS256', atLeast: 1.5 },
] as const;

/** A token for a client's credential, against the token endpoint of `oidc-provider`, which keeps everything in memory. */
export const tokenEndpoint: Scenario = {
  name: 'token-endpoint',
  title: 'A token for a credential, against the token endpoint of oidc-provider',
  async run({ fixture, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const secret = randomBytes(24).toString('base64url');
    return withPeer('openid-provider', { CLIENT_SECRET: secret }, async ({ address }) => {
      const rows = [];
      for (const { algorithm, atLeast } of ROWS) {
        const service = await fixture.createService(tenant, algorithm, algorithm === 'RS256' ? 2_048 : undefined);
        const form = new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: 'bench',
          client_secret: secret,
          resource: `https://${algorithm.toLowerCase()}.partner.test`,
        });
        const theirs = {
          url: `${address}/token`,
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: form.toString(),
          connections: CONNECTIONS,
          seconds,
        };
        await warmUp(theirs);
        const faults: string[] = [];
        const notes = new Set<string>();
        const measured = await repeat(repetitions, async () => {
          const floor = await load(theirs);
          faults.push(...rejections(floor).map((text) => `oidc-provider: ${text}`));
          for (const sample of floor.samples.slice(0, 5)) {
            const token = (JSON.parse(sample) as { access_token: string }).access_token;
            if (decodeProtectedHeader(token).alg !== algorithm || decodeJwt(token).jti === undefined)
              faults.push(`oidc-provider answered ${sample}`);
          }
          const check = await TokenCheck.start(fixture, service);
          const result = await load(signRequest(fixture, service, { connections: CONNECTIONS, seconds }));
          faults.push(...(await check.faults([result])));
          for (const rejection of rejections(result)) notes.add(rejection);
          return { value: perSecond(result), floor: perSecond(floor) };
        });
        rows.push({
          scenario: 'token-endpoint',
          name: `a token by ${algorithm} for a credential, ${CONNECTIONS} connections`,
          unit: 'tokens/s' as const,
          comparedWith: 'oidc-provider in memory',
          goal: { atLeast },
          repetitions: measured,
          faults,
          notes: [...notes],
        });
      }
      return rows;
    });
  },
};
