import { X509Certificate } from 'node:crypto';

import { certificateRequest, hasCfssl, startCfssl } from '../harness/cfssl.ts';
import { type BenchContext, type Row, type Scenario, repeat } from '../harness/scenario.ts';
import type { Json } from '../harness/fixture.ts';
import { countAfterCommit } from '../harness/tokens.ts';
import { accepted, load, perSecond, rejections, unanswered, warmUp } from '../harness/load.ts';

const CONNECTIONS = 32;

const ROWS = [
  { algorithm: 'RS256', name: 'RSA-2048', atLeast: 1.3 },
  { algorithm: 'ES256', name: 'P-256', atLeast: 0.8 },
] as const;

/** A certificate for a request, put on record twice and recorded in the history, against `cfssl serve`, which stores nothing. */
export const certificates: Scenario = {
  name: 'certificates',
  title: 'Certificates for requests, against cfssl',
  async run(context) {
    if (!hasCfssl()) return { omitted: 'cfssl is not installed (Debian: golang-cfssl)' };
    const rows: Row[] = [];
    for (const row of ROWS) rows.push(await measure(context, row));
    return rows;
  },
};

async function measure(context: BenchContext, row: (typeof ROWS)[number]): Promise<Row> {
  const { fixture, seconds, repetitions } = context;
  const tenant = await fixture.createTenant();
  const { body: ca } = await fixture.asOwner(tenant, 'POST', 'certificate-authorities', {
    name: row.name,
    subject: { commonName: row.name },
    keyAlgorithm: row.name,
    validityDays: 3_650,
  });
  const authority = new X509Certificate(String(ca.certificate));
  // Everybody asks for an elliptic key: what is compared is the signature of the authority.
  const csr = certificateRequest('ES256');
  const service = await fixture.createService(tenant, 'ES256');
  const second = await context.secondServer();
  const faults: string[] = [];
  const notes = new Set<string>([second ? '2 processes' : '1 process']);
  const cfssl = await startCfssl(row.algorithm);
  try {
    const theirs = {
      url: `${cfssl.address}/api/v1/cfssl/sign`,
      method: 'POST',
      headers: {},
      body: JSON.stringify({ certificate_request: csr }),
      connections: CONNECTIONS,
      seconds,
    };
    const addresses = [fixture.server.address, ...(second ? [second.address] : [])];
    const ours = addresses.map((address) => ({
      url: `${address}/v1/certificates`,
      method: 'POST',
      headers: { 'X-Service-Key': service.serviceKey },
      body: JSON.stringify({ csr }),
      connections: CONNECTIONS / addresses.length,
      seconds,
    }));
    await warmUp(theirs, ...ours);
    const issued = (): Promise<number> => countAfterCommit(fixture, tenant.id, 'certificate.issued');
    const measured = await repeat(repetitions, async () => {
      const floor = await load(theirs);
      if (floor.samples.some((sample) => !sample.includes('BEGIN CERTIFICATE'))) faults.push('cfssl issued nothing');
      const before = await issued();
      const results = await Promise.all(ours.map(load));
      const events = (await issued()) - before;
      const acknowledged = sum(results.map(accepted));
      if (events < acknowledged || events > acknowledged + sum(results.map(unanswered)))
        faults.push(`${events} events for ${acknowledged} certificates`);
      const samples = results.flatMap((result) => result.samples);
      const serials = samples.map((sample) => {
        const certificate = new X509Certificate(String((JSON.parse(sample) as Json).certificate));
        if (!certificate.verify(authority.publicKey)) faults.push('a certificate does not verify');
        return certificate.serialNumber;
      });
      if (serials.length === 0 || new Set(serials).size < serials.length) faults.push('serial numbers are not unique');
      for (const rejection of results.flatMap(rejections)) notes.add(rejection);
      return { value: sum(results.map(perSecond)), floor: perSecond(floor) };
    });
    return {
      scenario: 'certificates',
      name: `CSR to certificate, ${row.name} authority, ${CONNECTIONS} connections`,
      unit: 'certificates/s',
      comparedWith: 'cfssl serve',
      goal: { atLeast: row.atLeast },
      repetitions: measured,
      faults,
      notes: [...notes],
    };
  } finally {
    await cfssl.stop();
    await second?.stop();
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
