import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { certificateRequest } from '../harness/cfssl.ts';
import { type Scenario, repeat } from '../harness/scenario.ts';
import { fromManyAddresses } from '../harness/addresses.ts';
import { load, perSecond, rejections, warmUp } from '../harness/load.ts';
import { withPeer } from '../harness/peers.ts';

const CONNECTIONS = 64;
/** The status of a certificate by GET, against a handler that sends a ready answer of the same length. */
export const ocsp: Scenario = {
  name: 'ocsp',
  title: 'OCSP answers',
  async run({ fixture, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const authority = { name: 'ocsp', subject: { commonName: 'ocsp' }, keyAlgorithm: 'ES256' };
    const { body: ca } = await fixture.asOwner(tenant, 'POST', 'certificate-authorities', authority);
    const csr = certificateRequest('ES256');
    const { body: leaf } = await fixture.asOwner(tenant, 'POST', 'certificates', { csr });
    const folder = mkdtempSync(join(tmpdir(), 'chancery-bench-ocsp-'));
    const path = (name: string): string => join(folder, name);
    const openssl = (...parameters: readonly string[]): string => {
      const { stdout, stderr } = spawnSync('openssl', ['ocsp', ...parameters], { encoding: 'utf8' });
      return stdout + stderr;
    };
    try {
      writeFileSync(path('ca.pem'), String(ca.certificate));
      writeFileSync(path('leaf.pem'), String(leaf.certificate));
      const asked = ['-issuer', path('ca.pem'), '-cert', path('leaf.pem')];
      openssl(...asked, '-no_nonce', '-reqout', path('request.der'));
      const request = readFileSync(path('request.der')).toString('base64');
      const url = `${fixture.server.address}/pki/${ca.id}/ocsp/${encodeURIComponent(request)}`;
      /** What OpenSSL makes of the answer of this moment. */
      const status = async (): Promise<string> => {
        const answer = await fetch(url);
        if (answer.status !== 200) return `status ${answer.status}`;
        writeFileSync(path('response.der'), Buffer.from(await answer.arrayBuffer()));
        const text = openssl(...asked, '-respin', path('response.der'), '-CAfile', path('ca.pem'));
        return /leaf\.pem: (\w+)/.exec(text)?.[1] ?? text.trim();
      };
      const faults: string[] = [];
      const notes = new Set<string>();
      const expected = async (wanted: string): Promise<void> => {
        const found = await status();
        if (found !== wanted) faults.push(`OpenSSL reads ${found} where the certificate is ${wanted}`);
      };
      await expected('good');
      const answer = readFileSync(path('response.der')).toString('base64');
      const measured = await withPeer('ready-answer', { ANSWER: answer }, async ({ address }) => {
        const asking = { method: 'GET', headers: {}, body: '', connections: CONNECTIONS, seconds };
        const common = { ...asking, variants: fromManyAddresses, repeated: true };
        const theirs = { ...common, url: `${address}/${encodeURIComponent(request)}` };
        const ours = { ...common, url };
        await warmUp(theirs, ours);
        return repeat(repetitions, async () => {
          const floor = await load(theirs);
          const result = await load(ours);
          for (const rejection of rejections(result)) notes.add(rejection);
          await expected('good');
          return { value: perSecond(result), floor: perSecond(floor) };
        });
      });
      await fixture.asOwner(tenant, 'POST', `certificates/${leaf.kid}/revoke`, { reason: 'superseded' });
      await expected('revoked');
      return [
        {
          scenario: 'ocsp',
          name: `OCSP answer, P-256, ${CONNECTIONS} connections`,
          unit: 'requests/s' as const,
          comparedWith: 'bare Fastify that sends a ready answer',
          goal: { atLeast: 0.7 },
          repetitions: measured,
          faults,
          notes: [...notes],
        },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
