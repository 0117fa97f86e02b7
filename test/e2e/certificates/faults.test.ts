import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CertificateAuthorities, CertificateVerifier } from '#certificates';
import { DAY, HOUR, ManualClock, MINUTE, platformScope, systemOrigin } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { Workshop } from '../../support/openssl.js';
import { whileStatementFails } from '../../support/failing-statement.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority, issue } from './pki.js';

const PLATFORM = platformScope(systemOrigin('test'));
const SWEPT_AFTER = 6 * MINUTE;
const PASSWORD = 'a password that is long enough';

const clock = new ManualClock(Date.now());
let database: TestDatabase;
let plain: DataSource;
let server: TestServer;
let tenant: TestTenant;
let ca: Shape;
const workshop = new Workshop();

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, clock });
  plain = await openPlainDataSource(database.url);
  tenant = await createTenant(server);
});
/** Sessions are short, and the clock of these tests leaps. */
async function signInAgain(): Promise<void> {
  const token = await server.login(tenant.owner.email, PASSWORD);
  tenant = { ...tenant, owner: { ...tenant.owner, token } };
}

beforeEach(async () => {
  await signInAgain();
  ca = await createAuthority(server, tenant);
  workshop.write('ca.pem', ca['certificate']!);
});
afterAll(async () => {
  await plain.destroy();
  await server.close();
  await database.drop();
  workshop.clear();
});

/** Makes one statement fail while the work runs, by a trigger in the database. */
const whileFailing = <T>(event: string, condition: string, work: () => Promise<T>): Promise<T> =>
  whileStatementFails(database.url, { event, condition }, work);

const inventory = async (): Promise<Shape[]> => {
  await signInAgain();
  const { body } = await server.get(`${tenant.path}/certificates?caId=${ca['id']}`, tenant.owner);
  return body['items'] as unknown as Shape[];
};
const verdictOf = (kid: string): Promise<string> =>
  server.server.installation.database.readPlatform(PLATFORM, async (view) => {
    return (await server.server.app.get(CertificateVerifier).holderOf(view, kid)).code;
  });

/** What OCSP says of a serial number, whatever OpenSSL thinks of the time. */
async function statusOf(serialNumber: string): Promise<string> {
  const url = `${server.url}/pki/${ca['id']}/ocsp`;
  const asked = ['-issuer', 'ca.pem', '-serial', `0x${serialNumber}`, '-url', url, '-noverify'];
  const { text } = await workshop.run('openssl', ['ocsp', ...asked, '-validity_period', '100000000']);
  return /0x[0-9a-f]+: (\w+)/i.exec(text)?.[1] ?? text;
}

async function revokedSerials(): Promise<string[]> {
  const answer = await fetch(`${server.url}/pki/${ca['id']}/crl`);
  workshop.write('list.crl', Buffer.from(await answer.arrayBuffer()));
  const text = await workshop.openssl('crl', '-inform', 'DER', '-in', 'list.crl', '-noout', '-text');
  return [...text.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, serial]) => serial!.toLowerCase());
}

describe('a statement that fails in the middle of issuing', () => {
  it.each([
    ['when the certificate is stored', 'UPDATE ON certificates', "NEW.state = 'active'"],
    ['when its event is written', 'INSERT ON audit_events', "NEW.action = 'certificate.issued'"],
  ])(
    'a failed %s in the middle of issuing leaves what was signed on record, unusable, and then revoked',
    async (_, event, condition) => {
      const answer = await whileFailing(event, condition, () => issue(server, tenant, { caId: ca['id'] }));
      expect([answer.status, answer.body['code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
      const [left, ...others] = await inventory();
      expect(others).toEqual([]);
      expect(left).toMatchObject({ state: 'issuing', certificate: null });
      expect(await verdictOf(left!['kid']!)).toBe('UNKNOWN_KID');
      expect(await statusOf(left!['serialNumber']!)).toBe('unknown');
      await server.runScheduler();
      expect((await inventory())[0]).toEqual(left);

      clock.advance(SWEPT_AFTER);
      await server.runScheduler();
      expect((await inventory())[0]).toMatchObject({ state: 'revoked', revocationReason: 'cessationOfOperation' });
      expect(await verdictOf(left!['kid']!)).toBe('CERTIFICATE_REVOKED');
      expect(await statusOf(left!['serialNumber']!)).toBe('revoked');
      expect(await revokedSerials()).toEqual([left!['serialNumber']]);
    },
  );

  it('a statement that fails before anything was signed leaves nothing', async () => {
    const failing = () => issue(server, tenant, { caId: ca['id'] });
    const answer = await whileFailing('INSERT ON audit_events', "NEW.action = 'certificate.intended'", failing);
    expect(answer.status).toBe(503);
    expect(await inventory()).toEqual([]);
  });

  it('a statement that fails in a revocation leaves the certificate as it was', async () => {
    const { body } = await issue(server, tenant, { caId: ca['id'] });
    const revoke = () =>
      server.post(`${tenant.path}/certificates/${body['kid']}/revoke`, { reason: 'superseded' }, tenant.owner);
    const answer = await whileFailing('INSERT ON audit_events', "NEW.action = 'certificate.revoked'", revoke);
    expect(answer.status).toBe(503);
    expect(await statusOf(body['serialNumber']!)).toBe('good');
    expect((await revoke()).status).toBe(200);
    expect(await statusOf(body['serialNumber']!)).toBe('revoked');
  });
});

describe('bytes that break a rule', () => {
  it('bytes that break a rule of the lint are not signed, and the history says that the product is at fault', async () => {
    // Past the checks of the API, which would not let this name through.
    const scope = { ...systemOrigin('test'), tenantId: tenant.id };
    const request = { name: 'blank', subject: [{ type: 'commonName', value: ' ' }], keyAlgorithm: 'P-256' } as const;
    await expect(server.server.app.get(CertificateAuthorities).create(scope, request)).rejects.toThrow(
      expect.objectContaining({
        code: 'LINT_FAILED',
        errors: [expect.objectContaining({ code: 'LINT_NAME_EMPTY_VALUE' })],
      }),
    );
    const { body } = await server.get(`${tenant.path}/audit-events?action=certificate.refused`, tenant.owner);
    expect(body['items']).toMatchObject([{ outcome: 'failed', details: { findings: ['LINT_NAME_EMPTY_VALUE'] } }]);
    const refused = { name: 'blank', subject: { commonName: ' ' } };
    const answer = await server.post(`${tenant.path}/certificate-authorities`, refused, tenant.owner);
    expect([answer.status, answer.body['code']]).toEqual([400, 'VALIDATION_ERROR']);
  });
});

describe('a list that cannot be signed', () => {
  it('a CRL that cannot be signed is served as it was signed last, until it ends', async () => {
    const url = `${server.url}/pki/${ca['id']}/crl`;
    const first = await fetch(url);
    const failing = (work: () => Promise<void>) =>
      whileFailing('INSERT ON audit_events', "NEW.action = 'certificate_authority.crl_published'", work);
    clock.advance(2 * HOUR);
    await failing(async () => {
      const second = await fetch(url);
      expect([second.status, second.headers.get('etag')]).toEqual([200, first.headers.get('etag')]);
      clock.advance(DAY);
      const third = await fetch(url);
      expect(third.status).toBe(503);
      expect(await third.json()).toMatchObject({ code: 'PKI_UNAVAILABLE' });
    });
    const fourth = await fetch(url);
    expect(fourth.status).toBe(200);
    expect(fourth.headers.get('etag')).not.toBe(first.headers.get('etag'));
  });

  it('a CRL that cannot be signed does not keep another from being signed, and is tried again', async () => {
    const other = await createAuthority(server, tenant);
    const broken = `NEW.action = 'certificate_authority.crl_published' AND NEW.targetId = '${ca['id']}'`;
    const numbers = async () => {
      const rows = await plain.query<{ id: string; number: number }[]>('SELECT id, number FROM crls');
      return [ca, other].map(({ id }) => Number(rows.find((row) => row.id === String(id))!.number) > 0);
    };
    await whileFailing('INSERT ON audit_events', broken, () => server.runScheduler());
    expect(await numbers()).toEqual([false, true]);
    expect(server.logs.some((line) => line.includes('"kind":"CRL"') && line.includes('error'))).toBe(true);
    clock.advance(2 * MINUTE);
    await server.runScheduler();
    expect(await numbers()).toEqual([true, true]);
  });
});

describe('the delegate that signs OCSP answers', () => {
  it('the delegate that signs OCSP answers is replaced before its end, while it still signs', async () => {
    const serial = async (): Promise<string> => {
      await statusOf('01');
      const rows = await plain.query<{ caId: string; serialNumber: string }[]>(
        'SELECT caId, serialNumber FROM ocsp_signers',
      );
      return rows.find(({ caId }) => caId === String(ca['id']))!.serialNumber;
    };
    const first = await serial();
    clock.advance(4 * DAY);
    expect(await serial()).toBe(first);
    clock.advance(2 * DAY);
    expect(await serial()).not.toBe(first);
    expect(await statusOf('01')).toBe('unknown');
  });
});

describe('a long list', () => {
  it('a long CRL is stored in pieces and put together again', async () => {
    const { body } = await issue(server, tenant, { caId: ca['id'] });
    const [row] = await plain.query<Record<string, unknown>[]>(
      `SELECT * FROM certificates WHERE kid = '${body['kid']}'`,
    );
    const entries = 2_000;
    const columns = Object.keys(row!).map((name) => (database.url.startsWith('sqlite:') ? `"${name}"` : `\`${name}\``));
    const marks = columns.map(() => '?').join(', ');
    await plain.transaction(async (manager) => {
      for (let index = 0; index < entries; index += 1) {
        const unique = index.toString(16).padStart(8, '0');
        const copy = {
          ...row,
          id: `00000000-0000-7000-8000-0000${unique}`,
          kid: `copy-${unique}`,
          state: 'revoked',
          serialNumber: `7f${unique}${'ab'.repeat(11)}`,
          revocationReason: 'superseded',
          revokedAt: clock.now(),
        };
        await manager.query(`INSERT INTO certificates (${columns.join(', ')}) VALUES (${marks})`, Object.values(copy));
      }
      await manager.query(`UPDATE crls SET rebuildAt = 0 WHERE id = '${ca['id']}'`);
    });
    expect(await revokedSerials()).toHaveLength(entries);
    const parts = await plain.query<{ part: number }[]>(`SELECT part FROM crl_parts WHERE caId = '${ca['id']}'`);
    expect(parts.length).toBeGreaterThan(1);
  });
});
