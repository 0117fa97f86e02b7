import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { type TestService, createService } from '../signing/issuer.js';

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../../docs/credentials.md'), 'utf8');
const samples: Readonly<Record<string, readonly [program: string, ...options: string[]]>> = {
  js: [process.execPath, '--input-type=module', '--eval'],
  python: ['python3', '-c'],
};
const runnable = Object.entries(samples).filter(([, [program]]) => spawnSync(program, ['--version']).status === 0);

/** The samples as the document has them make tokens that are accepted. */
describe('docs/credentials.md shows how a service signs its own JWT', () => {
  let server: TestServer;
  let service: TestService;

  beforeAll(async () => {
    server = await startTestServer({ clock: systemClock });
    service = await createService(server, await createTenant(server, 'documented'));
  });
  afterAll(() => server.close());

  it.each(runnable)(
    'docs/credentials.md shows how a service signs its own JWT in %s',
    async (language, [program, ...options]) => {
      const code = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(DOCUMENT)?.[1];
      const env = { ...process.env, SERVICE_ID: service.id, SERVICE_SECRET: service.jwtSecret };
      const token = execFileSync(program, [...options, code!], { env, encoding: 'utf8' }).trim();
      expect(await server.get('/v1/whoami', { token })).toMatchObject({ status: 200, body: { authType: 'jwt' } });
    },
  );
});
