import { spawnSync } from 'node:child_process';

import { type Gateway, startGateway } from './gateway.js';

/** `undefined` where it is not installed. */
export const caddyProgram = ['caddy', '/usr/bin/caddy'].find((program) => spawnSync(program, ['version']).status === 0);

export function startCaddy(program: string, caddyfile: string): Gateway {
  return startGateway(
    program,
    // Without the listener for administration, whose port all processes of a machine share.
    () => `{\n\tadmin off\n}\n${caddyfile}`,
    (_, file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  );
}
