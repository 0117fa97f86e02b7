// Writes the reference pages under docs/ from the tables in the code, and the types of the SDK from the API document.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { temporaryFolder } from './memory-folder.mjs';
import { at } from './project.mjs';
import { sdkTypes } from './sdk-types.mjs';

const built = (path) => import(pathToFileURL(at('dist', path)).href);

await import('reflect-metadata');
const { referenceModule, referencePages } = await built('apps/server/src/reference.js');
mkdirSync(at('docs'), { recursive: true });
for (const [file, text] of Object.entries(referencePages())) {
  writeFileSync(at('docs', file), text);
  process.stdout.write(`docs/${file}\n`);
}

writeFileSync(at('libs/sdk/reference.ts'), referenceModule());
process.stdout.write('libs/sdk/reference.ts\n');

const { loadConfiguration } = await built('libs/installation/index.js');
const { createLogger } = await built('libs/logging/index.js');
const { createServer } = await built('apps/server/src/create-server.js');
const folder = mkdtempSync(join(temporaryFolder(), 'chancery-docs-'));
const { configuration } = loadConfiguration({
  PORT: '0',
  DATABASE_URL: `sqlite:${join(folder, 'chancery.db')}`,
  CHANCERY_MASTER_KEY: randomBytes(32).toString('base64'),
  CHANCERY_CHECKPOINT_FILE: 'off',
});
const server = await createServer({ configuration, logger: createLogger('error') });
const { body } = await server.app.inject({ method: 'GET', url: '/openapi.json' });
await server.close();
rmSync(folder, { recursive: true });
writeFileSync(at('libs/sdk/openapi.ts'), await sdkTypes(JSON.parse(body)));
process.stdout.write('libs/sdk/openapi.ts\n');
