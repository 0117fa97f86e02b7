import { spawnSync } from 'node:child_process';

import { type Gateway, startGateway } from './gateway.js';

/** Debian keeps it where an ordinary user's PATH does not look; `undefined` where it is not installed. */
export const nginxProgram = ['nginx', '/usr/sbin/nginx'].find((program) => spawnSync(program, ['-v']).status === 0);

/** @param configuration what is written within `http` */
export function startNginx(program: string, configuration: string): Gateway {
  return startGateway(
    program,
    (folder) => frameOf(folder, configuration),
    (folder, file) => ['-p', folder, '-e', 'stderr', '-c', file],
  );
}

const frameOf = (folder: string, configuration: string): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n  ')}
  ${configuration}
}
`;
