import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

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

/** An nginx whose configuration is changed while clients use it, as in production: a master and a worker. */
export interface ReloadableNginx extends Gateway {
  /** Takes over a configuration, and waits until the worker of the one before has ended its last request. */
  reload(configuration: string): Promise<void>;
}

/** @param configuration what is written within `http` */
export function startReloadableNginx(program: string, configuration: string): ReloadableNginx {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-nginx-'));
  const file = join(folder, 'nginx.conf');
  const write = (text: string): void => writeFileSync(file, frameOf(folder, text, 'on'));
  write(configuration);
  const master = spawn(program, ['-p', folder, '-e', 'stderr', '-c', file], { stdio: 'ignore' });
  const workers = (): string[] =>
    readFileSync(`/proc/${master.pid}/task/${master.pid}/children`, 'utf8').split(' ').filter(Boolean);
  return {
    reload: async (changed) => {
      const before = workers();
      write(changed);
      master.kill('SIGHUP');
      // The new ones are there first, the old ones go when they have nothing left to do.
      while (workers().length === 0 || workers().some((pid) => before.includes(pid))) await delay(20);
    },
    stop: async () => {
      const ended = new Promise((resolve) => master.once('exit', resolve));
      master.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

const frameOf = (folder: string, configuration: string, masterProcess = 'off'): string => `
daemon off;
master_process ${masterProcess};
${masterProcess === 'on' && process.getuid?.() === 0 ? 'user root;' : ''}
worker_shutdown_timeout 30s;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n  ')}
  ${configuration}
}
`;
