import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../support/gateway.js';
import { startReloadableNginx } from '../support/nginx.js';
import type { Shape } from '../support/server.js';
import type { Call, ProcessAnswer } from './server-process.js';

const CONFIGURATION = readFileSync(join(import.meta.dirname, '../../deploy/nginx/chancery.conf'), 'utf8');
/** Longer than nginx waits for an instance. */
const ANSWER_MILLISECONDS = 30_000;

/** The nginx of the deployment, with its own file, in front of instances on this machine. */
export interface BehindNginx {
  /** Over a connection for each request: nginx ends those that are kept alive with the worker that has them. */
  send(method: string, path: string, call?: Call): Promise<ProcessAnswer>;
  /** Replaces an instance as the head of the file says: out of the configuration, replaced, in again. */
  replace(port: number, change: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** @param ports of the instances, of which each has every role */
export async function startBehindNginx(program: string, ports: readonly number[]): Promise<BehindNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-behind-nginx-'));
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...options, ...subject, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  const places = { redirecting: await freePort(), port: await freePort(), certificate, key, ports };
  const nginx = startReloadableNginx(program, configurationFor(places));
  const trusted = { host: 'localhost', port: places.port, ca: readFileSync(certificate) };
  return {
    send: (method, path, call = {}) => sendTo({ ...trusted, method, path }, call),
    replace: async (port, change) => {
      await nginx.reload(configurationFor(places, port));
      await change();
      await nginx.reload(configurationFor(places));
    },
    stop: async () => {
      await nginx.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function sendTo(target: object, { token, body, headers = {} }: Call): Promise<ProcessAnswer> {
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  const agent = new Agent({ keepAlive: false });
  const given = {
    ...headers,
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(content === undefined
      ? {}
      : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) }),
  };
  return new Promise((resolve, reject) => {
    const asked = httpsRequest({ ...target, agent, headers: given, timeout: ANSWER_MILLISECONDS }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = /\bjson\b/.test(answer.headers['content-type'] ?? '') && text !== '';
        resolve({
          status: answer.statusCode!,
          headers: new Headers(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
          body: (isJson ? JSON.parse(text) : {}) as Shape,
        });
      });
    });
    asked.once('timeout', () => asked.destroy(new Error('nginx does not answer')));
    asked.once('error', reject);
    asked.end(content);
  });
}

interface Places {
  readonly redirecting: number;
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  readonly ports: readonly number[];
}

/** The file of the deployment with the addresses of the test. @param down the instance that gets no requests */
function configurationFor(places: Places, down?: number): string {
  const servers = places.ports
    .map((port) => `    server 127.0.0.1:${port} max_fails=1 fail_timeout=2s${port === down ? ' down' : ''};\n`)
    .join('');
  return CONFIGURATION.replace('listen 80;', `listen 127.0.0.1:${places.redirecting};`)
    .replace('listen 443 ssl http2;', `listen 127.0.0.1:${places.port} ssl http2;`)
    .replace('/run/secrets/tls_certificate', places.certificate)
    .replace('/run/secrets/tls_key', places.key)
    .replaceAll(/(?:^ {4}server [a-z]+-\d:3000.*\n)+/gm, servers);
}
