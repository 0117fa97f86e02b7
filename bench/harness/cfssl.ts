import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ServerProcess, listening } from './server.ts';

const KEYS = {
  RS256: ['-newkey', 'rsa:2048'],
  ES256: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
} as const;

export type CertificateAlgorithm = keyof typeof KEYS;

const openssl = (...parameters: readonly string[]): void => {
  execFileSync('openssl', parameters, { stdio: 'pipe' });
};

/** Whether `cfssl` (Debian: golang-cfssl) is installed. */
export function hasCfssl(): boolean {
  try {
    execFileSync('cfssl', ['version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** `cfssl serve` with an authority of its own in memory: it signs what it is sent and stores nothing. */
export async function startCfssl(algorithm: CertificateAlgorithm): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-bench-cfssl-'));
  const path = (name: string): string => join(folder, name);
  const files = ['-keyout', path('ca.pkcs8'), '-out', path('ca.pem')];
  openssl('req', '-x509', ...KEYS[algorithm], '-nodes', '-subj', '/CN=bench', '-days', '30', ...files);
  // It knows the older forms of keys only (RFC 8017 appendix A.1.2, RFC 5915).
  openssl('pkey', '-in', path('ca.pkcs8'), '-traditional', '-out', path('ca.key'));
  const usages = ['signing', 'key encipherment', 'client auth'];
  writeFileSync(path('config.json'), JSON.stringify({ signing: { default: { usages, expiry: '2160h' } } }));
  const port = String(await freePort());
  const parameters = ['-address', '127.0.0.1', '-port', port, '-ca', path('ca.pem'), '-ca-key', path('ca.key')];
  const child = spawn('cfssl', ['serve', ...parameters, '-config', path('config.json')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const started = await listening(child, /Now listening on ()/, () => rmSync(folder, { recursive: true, force: true }));
  return { ...started, address: `http://127.0.0.1:${port}` };
}

/** A request for a new key of the algorithm, in PEM. */
export const certificateRequest = (algorithm: CertificateAlgorithm): string =>
  requestIn((folder) => [...KEYS[algorithm], '-nodes', '-keyout', join(folder, 'key')]);

/** A request for an own key, in PEM. */
export const certificateRequestOf = (privateKeyPem: string): string =>
  requestIn((folder) => {
    writeFileSync(join(folder, 'key'), privateKeyPem, { mode: 0o600 });
    return ['-key', join(folder, 'key')];
  });

function requestIn(keyOptions: (folder: string) => readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-bench-csr-'));
  try {
    const parameters = ['req', '-new', ...keyOptions(folder), '-subj', '/CN=bench client', '-out', '-'];
    return execFileSync('openssl', parameters, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
