import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, parse } from 'node:path';

import { transformFileSync } from '@swc/core';

import { type ServerProcess, listening } from './server.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = join(import.meta.dirname, '../peers');
const COMPILED = join(ROOT, 'node_modules/.cache/bench-peers');

/** What a row is compared with: a service of a file in `peers/`, in a process of its own. */
export type Peer = 'usual-nest' | 'usual-express' | 'openid-provider' | 'nest-hello' | 'ready-answer';

let compiled = false;

/** Node itself removes types, but does not know the decorators that two of the peers are written with. */
function compile(): void {
  if (compiled) return;
  mkdirSync(COMPILED, { recursive: true });
  writeFileSync(join(COMPILED, 'package.json'), '{ "type": "module" }');
  for (const file of readdirSync(SOURCES)) {
    const { code } = transformFileSync(join(SOURCES, file), {
      swcrc: false,
      module: { type: 'es6' },
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      },
    });
    writeFileSync(join(COMPILED, `${parse(file).name}.js`), code);
  }
  compiled = true;
}

/** @param environment what the peer reads of it. @throws Error with its output where it does not listen */
export function startPeer(peer: Peer, environment: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  compile();
  const child = spawn(process.execPath, [join(COMPILED, `${peer}.js`)], {
    env: { NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return listening(child, /Peer listens on (http:\S+)/);
}

/** Runs work beside a peer, and ends it. */
export async function withPeer<Result>(
  peer: Peer,
  environment: Readonly<Record<string, string>>,
  work: (peer: ServerProcess) => Promise<Result>,
): Promise<Result> {
  const started = await startPeer(peer, environment);
  try {
    return await work(started);
  } finally {
    await started.stop();
  }
}
