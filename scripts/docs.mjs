// Writes the reference pages under docs/ from the tables in the code.
import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { at } from './project.mjs';

await import('reflect-metadata');
const { referencePages } = await import(pathToFileURL(at('dist/apps/server/src/reference.js')).href);
mkdirSync(at('docs'), { recursive: true });
for (const [file, text] of Object.entries(referencePages())) {
  writeFileSync(at('docs', file), text);
  process.stdout.write(`docs/${file}\n`);
}
