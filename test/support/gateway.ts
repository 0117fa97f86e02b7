import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server as HttpServer, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A web server of others in front of Chancery. */
export interface Gateway {
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts a gateway as one unprivileged process that writes into a folder of its own.
 * @param configuration the text of its configuration file, given that folder
 * @param argumentsOf its arguments, given that folder and the path of its configuration file
 */
export function startGateway(
  program: string,
  configuration: (folder: string) => string,
  argumentsOf: (folder: string, file: string) => readonly string[],
): Gateway {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-gateway-'));
  const file = join(folder, 'configuration');
  writeFileSync(file, configuration(folder));
  const child = spawn(program, argumentsOf(folder, file), {
    stdio: 'ignore',
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
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
