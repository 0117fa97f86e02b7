import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server as HttpServer, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian keeps it where an ordinary user's PATH does not look; `undefined` where it is not installed. */
export const nginxProgram = ['nginx', '/usr/sbin/nginx'].find((program) => spawnSync(program, ['-v']).status === 0);

export interface Nginx {
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts nginx as one unprivileged process in a folder of its own.
 * @param configuration what stands within `http`
 */
export function startNginx(program: string, configuration: string): Nginx {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-nginx-'));
  writeFileSync(join(folder, 'nginx.conf'), frameOf(folder, configuration));
  const child: ChildProcess = spawn(program, ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')], {
    stdio: 'ignore',
  });
  return {
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
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

export function listen(server: HttpServer, port = 0): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
