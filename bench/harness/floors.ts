import { execFile, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type LoadRequest, type LoadResult, type Variant, accepted, load } from './load.ts';
import { listening } from './server.ts';

const run = promisify(execFile);
const PROCESS = join(import.meta.dirname, 'floor-process.ts');
const SUBJECT = JSON.stringify({ subject: 'invoice-42' });

export type SignFloor = 'HS256' | 'ES256' | 'EdDSA';
export type VerifyFloor = 'HS256' | 'ES256';

/** What the machine could do at best, measured in the same run as what it is compared with. */
export interface Floors {
  /** Requests a second of a bare handler that signs. */
  sign(algorithm: SignFloor, connections: number, seconds: number): Promise<number>;
  /** Requests a second of a bare handler that verifies. */
  verify(algorithm: VerifyFloor, connections: number, seconds: number): Promise<number>;
  /** Requests a second of a bare handler that verifies a token and the hash of the body that it binds. */
  verifyBound(
    request: { readonly pem: string; readonly variants: readonly Variant[] },
    connections: number,
    seconds: number,
  ): Promise<number>;
  /** Signatures a second of `openssl speed` on every core. */
  rsa2048(seconds: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startFloors(): Promise<Floors> {
  const child = spawn(process.execPath, [PROCESS], { stdio: ['ignore', 'pipe', 'pipe'] });
  const floor = await listening(child, /Floor listens on (http:\S+)/);
  const post = async (
    path: string,
    request: Pick<LoadRequest, 'body' | 'connections' | 'seconds' | 'variants' | 'repeated'>,
  ) => {
    const result: LoadResult = await load({ url: floor.address + path, method: 'POST', headers: {}, ...request });
    if (accepted(result) === 0)
      throw new Error(`The floor ${path} accepted nothing: ${JSON.stringify(result.statuses)}`);
    return accepted(result) / result.seconds;
  };
  const measure = (path: string, body: string, connections: number, seconds: number): Promise<number> =>
    post(path, { body, connections, seconds });
  return {
    sign: (algorithm, connections, seconds) => measure(`/sign/${algorithm}`, SUBJECT, connections, seconds),
    verify: async (algorithm, connections, seconds) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${floor.address}/sign/${algorithm}`, { method: 'POST', headers, body: SUBJECT });
      return measure(`/verify/${algorithm}`, await answer.text(), connections, seconds);
    },
    verifyBound: async ({ pem, variants }, connections, seconds) => {
      const headers = { 'content-type': 'application/json' };
      await fetch(`${floor.address}/bound-key`, { method: 'POST', headers, body: JSON.stringify({ pem }) });
      return post('/verify/bound', { body: '', connections, seconds, variants, repeated: true });
    },
    rsa2048: async (seconds) => {
      const parameters = ['speed', '-seconds', String(seconds), '-multi', String(availableParallelism()), 'rsa2048'];
      const { stdout } = await run('openssl', parameters);
      // `rsa 2048 bits 0.000455s 0.000013s   2197.5  77213.5`, with more columns in newer versions.
      const [signatures] = /^rsa\s+2048 bits\s+(?:[\d.]+s\s+)+([\d.]+)/m.exec(stdout)?.slice(1) ?? [];
      if (signatures === undefined) throw new Error(`\`openssl speed\` answered what is not understood:\n${stdout}`);
      return Number(signatures);
    },
    stop: () => floor.stop(),
  };
}
