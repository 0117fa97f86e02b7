import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Secret, platformScope, systemClock, systemOrigin } from '#core';
import { Database, type DatabaseTls, readDatabaseTls } from '#database';
import { vaultEntities } from '#vault';

import { run } from '../../apps/cli/src/program.js';
import {
  type ThrowawayDatabase,
  isDatabaseInstalled,
  startThrowawayDatabase,
} from '../../scripts/throwaway-database.mjs';
import { testServerUrl } from '../support/database.js';
import { TEST_MASTER_KEY, type TestServer, createTenant, startTestServer } from '../support/server.js';
import { Workshop } from '../support/openssl.js';

const PATIENCE = { timeout: 240_000 };
const POOL = 20;
const NEW_KEY = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
const SCOPE = platformScope(systemOrigin('test'));
const [WrappedDataKey] = vaultEntities;

/** An authority, and what it certifies, made by OpenSSL. */
class Authority {
  constructor(
    private readonly workshop: Workshop,
    private readonly folder: string,
    private readonly name: string,
  ) {}

  get file(): string {
    return join(this.folder, `${this.name}.pem`);
  }

  async create(): Promise<this> {
    await this.openssl(`req -x509 ${NEW_KEY} -days 2 -subj /CN=${this.name} -keyout ${this.keyFile} -out ${this.file}`);
    return this;
  }

  /** The files of a certificate for a name and of its key. */
  async certify(name: string): Promise<{ certificate: string; key: string }> {
    const [certificate, key, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((suffix) =>
      join(this.folder, `${this.name}-${name}.${suffix}`),
    ) as [string, string, string, string];
    writeFileSync(extensions, `subjectAltName=DNS:${name}\n`);
    await this.openssl(`req ${NEW_KEY} -subj /CN=${name} -keyout ${key} -out ${request}`);
    const issuer = `-CA ${this.file} -CAkey ${this.keyFile} -CAcreateserial`;
    await this.openssl(`x509 -req -in ${request} ${issuer} -days 2 -extfile ${extensions} -out ${certificate}`);
    return { certificate, key };
  }

  private get keyFile(): string {
    return join(this.folder, `${this.name}.key`);
  }

  private openssl(command: string): Promise<string> {
    return this.workshop.openssl(...command.split(' '));
  }
}

// A server of its own: that of other tests may not be stopped, made read-only, or given certificates.
describe.skipIf(testServerUrl === undefined || !isDatabaseInstalled())('a database server with TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-tls-'));
  const workshop = new Workshop();
  let ours: Authority;
  let another: Authority;
  let client: { certificate: string; key: string };
  let server: ThrowawayDatabase;
  let admin: Connection;

  beforeAll(async () => {
    ours = await new Authority(workshop, folder, 'ours').create();
    another = await new Authority(workshop, folder, 'another').create();
    const own = await ours.certify('localhost');
    client = await ours.certify('chancery');
    server = await startThrowawayDatabase([
      `--ssl-ca=${ours.file}`,
      `--ssl-cert=${own.certificate}`,
      `--ssl-key=${own.key}`,
    ]);
    admin = await createConnection({ uri: server.url });
    const collation = server.version === 'MariaDB' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
    await admin.query(`CREATE DATABASE chancery CHARACTER SET utf8mb4 COLLATE ${collation}`);
    for (const [name, requirement] of [
      ['encrypted', 'REQUIRE SSL'],
      ['certified', 'REQUIRE X509'],
    ]) {
      await admin.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'a password' ${requirement}`);
      await admin.query(`GRANT ALL ON chancery.* TO '${name}'@'%'`);
    }
  });
  afterAll(async () => {
    await admin.end();
    await server.stop();
    workshop.clear();
    rmSync(folder, { recursive: true });
  });

  const urlOf = (user: string, host = 'localhost'): string =>
    `mysql://${user}:a%20password@${host}:${new URL(server.url).port}/chancery`;
  const open = (tls: DatabaseTls, { user = 'encrypted', host = 'localhost' } = {}): Promise<Database> =>
    Database.open({
      url: urlOf(user, host),
      tls,
      entities: vaultEntities,
      clock: systemClock,
      recorder: async () => undefined,
    });
  const ca = (): string => readFileSync(ours.file, 'utf8');
  const opened = async (...how: Parameters<typeof open>): Promise<string | undefined> => {
    const database = await open(...how);
    const { cipher } = database;
    await database.close();
    return cipher;
  };

  it(
    'a verified connection is encrypted, as every other is: the first, the pool, migrations, signs of life',
    PATIENCE,
    async () => {
      // The account refuses connections that are not encrypted.
      const database = await open({ mode: 'verify', ca: ca() });
      expect(database.cipher).toMatch(/^[A-Z0-9_-]+$/);
      await database.migrate();
      const reads = Array.from({ length: 5 * POOL }, () =>
        database.readPlatform(SCOPE, (view) => view.find(WrappedDataKey!, {})),
      );
      await Promise.all(reads);
      expect(await database.answers()).toBe(true);
      const [rows] = await admin.query<never>(
        "SELECT COUNT(*) AS open FROM information_schema.processlist WHERE user = 'encrypted'",
      );
      expect(Number((rows as { open: unknown }[])[0]!.open)).toBeGreaterThan(10);
      await database.close();
    },
  );

  it('a connection that is not encrypted is refused by the same account: the negative control', async () => {
    await expect(open({ mode: 'off' })).rejects.toThrow(/Access denied/);
  });

  it.each<[string, () => DatabaseTls, { host?: string }]>([
    ['of the host', () => ({ mode: 'verify', ca: ca() }), {}],
    [
      'that is given beside the address',
      () => ({ mode: 'verify', ca: ca(), serverName: 'localhost' }),
      { host: '127.0.0.1' },
    ],
    ['that is not verified', () => ({ mode: 'verify-ca', ca: ca() }), { host: '127.0.0.1' }],
    ['of a server that is not verified', () => ({ mode: 'required' }), { host: '127.0.0.1' }],
  ])('a connection is opened by the name %s', async (_, tls, where) => {
    expect(await opened(tls(), where)).not.toBe(undefined);
  });

  it.each<[string, () => DatabaseTls]>([
    ['the authority is another one', () => ({ mode: 'verify', ca: readFileSync(another.file, 'utf8') })],
    [
      'the authority is another one, for any name',
      () => ({ mode: 'verify-ca', ca: readFileSync(another.file, 'utf8') }),
    ],
    ['the authority is none that the system trusts', () => ({ mode: 'verify' })],
    ['the certificate is for another name', () => ({ mode: 'verify', ca: ca(), serverName: 'db.example.com' })],
  ])('a connection is refused where %s', async (_, tls) => {
    await expect(opened(tls())).rejects.toThrow(/TLS with the database server failed .*CHANCERY_DATABASE_TLS_CA_FILE/);
  });

  it('a client that has to show a certificate shows the one that is configured', async () => {
    const tls = await readDatabaseTls({
      databaseUrl: new Secret(urlOf('certified')),
      databaseTls: 'verify',
      databaseTlsCaFile: ours.file,
      databaseTlsCertificateFile: client.certificate,
      databaseTlsKeyFile: client.key,
      databaseTlsServerName: undefined,
    });
    expect(await opened(tls, { user: 'certified' })).not.toBe(undefined);
    await expect(opened({ mode: 'verify', ca: ca() }, { user: 'certified' })).rejects.toThrow(/Access denied/);
  });

  it('a server that offers no TLS is refused, and the message says what can be done', async () => {
    const url = new URL(testServerUrl!);
    url.pathname = '/mysql';
    const plain = Database.open({
      url: url.toString(),
      tls: { mode: 'required' },
      entities: [],
      clock: systemClock,
      recorder: async () => undefined,
    });
    await expect(plain).rejects.toThrow(/offers none.*CHANCERY_DATABASE_TLS=off/);
  });

  describe('as the settings of the server and of the command line say', () => {
    const environment = () => ({
      DATABASE_URL: urlOf('encrypted'),
      CHANCERY_DATABASE_TLS: 'verify',
      CHANCERY_DATABASE_TLS_CA_FILE: ours.file,
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
    });
    let product: TestServer;
    beforeAll(async () => {
      product = await startTestServer({
        database: { url: urlOf('encrypted'), drop: async () => undefined },
        environment: environment(),
        clock: systemClock,
      });
    });
    afterAll(() => product.close());

    it('the doctor says that the connection is encrypted to a verified server', async () => {
      let output = '';
      const write = (text: string): void => void (output += text);
      expect(await run(['doctor'], { environment: environment(), write, fail: write })).toBe(0);
      expect(output).toMatch(/ok +database: its certificate is verified, the connection encrypted by [A-Z]/);
    });

    it('a server process that is stopped is noticed, and used again as soon as it continues', PATIENCE, async () => {
      const tenant = await createTenant(product);
      process.kill(server.pid, 'SIGSTOP');
      const asked = Array.from({ length: 8 }, () => product.get(`${tenant.path}/services`, tenant.owner));
      const answers = await Promise.all(asked);
      process.kill(server.pid, 'SIGCONT');
      expect(new Set(answers.map(({ status, body }) => `${status} ${body['code']}`))).toEqual(
        new Set(['503 DATABASE_UNAVAILABLE']),
      );
      await expect.poll(async () => (await product.get('/health/ready')).status).toBe(200);
      expect((await product.get(`${tenant.path}/services`, tenant.owner)).status).toBe(200);
    });

    it(
      'a server that is read-only makes changes 503 and readiness false, until it takes writes again',
      PATIENCE,
      async () => {
        const tenant = await createTenant(product);
        const create = (name: string) => product.post(`${tenant.path}/services`, { name }, tenant.owner);
        await admin.query('SET GLOBAL read_only = 1');
        expect(await create('refused')).toMatchObject({ status: 503, body: { code: 'AUDIT_UNAVAILABLE' } });
        expect(await product.get('/health/ready')).toMatchObject({
          status: 503,
          body: { checks: { writable: false } },
        });
        expect((await product.get(`${tenant.path}/services`, tenant.owner)).status).toBe(200);
        await admin.query('SET GLOBAL read_only = 0');
        expect(await product.get('/health/ready')).toMatchObject({
          status: 200,
          body: { checks: { writable: true } },
        });
        expect((await create('accepted')).status).toBe(201);
      },
    );
  });
});
