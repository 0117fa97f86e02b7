import { createHash, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ecdsaOfDigest, pkcs1OfDigest, pssOfDigest } from './digest-signatures.js';
import { type KeyPair, keyPair } from './generated-key.js';

interface EngineKey extends KeyPair {
  readonly type: string;
  plaintextBackup: boolean;
  deletionAllowed: boolean;
}

const CURVES = { 'ecdsa-p256': 'P-256', 'ecdsa-p384': 'P-384', 'ecdsa-p521': 'P-521' } as const;
const HASHES = { 'sha2-256': 'sha256', 'sha2-384': 'sha384', 'sha2-512': 'sha512' } as const;

/** A substitute of the signing keys of the transit engine of OpenBao and Vault (HTTP API v1). */
export interface TransitKeys {
  /** For `CHANCERY_KEY_STORES`. */
  readonly uri: string;
  /** By their names; one that is deleted here is missing there. */
  readonly keys: Map<string, EngineKey>;
  /** The names of all keys that were ever made. */
  readonly made: readonly string[];
  /** The paths of all requests. */
  readonly calls: string[];
  /** Whether it is down. */
  fail: boolean;
  /** Whether the token may list the keys. */
  lists: boolean;
  /** What it answers instead. */
  text: string | undefined;
  /** Breaks connections that ask for a key. */
  breakOff(): {
    /** Breaks no more of them. */
    readonly end: () => void;
    /** Makes the keys that were asked for: too late. */
    readonly make: () => void;
  };
  /** Leaves requests unanswered from now on. */
  hold(): {
    /** How many wait. */
    readonly waiting: () => number;
    /** Has it answer again, 503 to those that wait. */
    readonly release: () => void;
  };
  close(): Promise<void>;
}

function newKey(type: string): EngineKey | undefined {
  const made = { type, deletionAllowed: false, plaintextBackup: false };
  const bits = /^rsa-(2048|3072|4096)$/.exec(type)?.[1];
  if (bits !== undefined) return { ...made, ...keyPair(Number(bits)) };
  if (type === 'ed25519') return { ...made, ...keyPair('Ed25519') };
  const curve = CURVES[type as keyof typeof CURVES];
  return curve && { ...made, ...keyPair(curve) };
}

const publicText = ({ type, publicKey }: EngineKey): string =>
  type === 'ed25519'
    ? Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64')
    : publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** What the engine signs, by the members that it knows. `undefined` where it would refuse. */
function signed(key: EngineKey, body: Record<string, unknown>): string | undefined {
  // The newest version, which another has rotated, where none is named.
  if (body['key_version'] !== 1) return undefined;
  const input = Buffer.from(String(body['input']), 'base64');
  if (key.type === 'ed25519') return sign(null, input, key.privateKey).toString('base64');
  const hash = HASHES[body['hash_algorithm'] as keyof typeof HASHES];
  if (body['prehashed'] !== true || !hash || input.length !== createHash(hash).digest().length) return undefined;
  if (key.type.startsWith('ecdsa')) {
    if (body['marshaling_algorithm'] !== 'jws') return undefined;
    return ecdsaOfDigest(key.privateKey, input, 'compact').toString('base64url');
  }
  if (body['signature_algorithm'] === 'pss') {
    return body['salt_length'] === 'hash' ? pssOfDigest(key.privateKey, hash, input).toString('base64') : undefined;
  }
  return pkcs1OfDigest(key.privateKey, hash, input).toString('base64');
}

/** Starts one, with a file that has its token. */
export async function transitKeys(): Promise<TransitKeys> {
  const keys = new Map<string, EngineKey>();
  const madeNames: string[] = [];
  const token = randomUUID();
  const folder = mkdtempSync(join(tmpdir(), 'chancery-transit-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, token);
  const answer = (method: string, path: string, body: Record<string, unknown>): readonly [number, object] => {
    const [, verb, name = '', rest] = /^\/v1\/transit\/(keys|sign)\/([\w.-]+)(\/config)?$/.exec(path) ?? [];
    const key = keys.get(name);
    if (verb === 'keys' && method === 'POST' && !rest) {
      const made = key ?? newKey(String(body['type']));
      if (!made || body['exportable'] !== false) return [400, { errors: ['unknown key type'] }];
      keys.set(name, made);
      if (!key) madeNames.push(name);
      return [200, {}];
    }
    if (!key) return [verb === 'sign' ? 400 : 404, { errors: [] }];
    if (verb === 'sign') {
      const signature = signed(key, body);
      return signature === undefined ? [400, { errors: [] }] : [200, { data: { signature: `vault:v1:${signature}` } }];
    }
    if (rest) {
      key.deletionAllowed = body['deletion_allowed'] === true;
      return [200, {}];
    }
    if (method === 'DELETE') {
      if (!key.deletionAllowed) return [400, { errors: ['deletion is not allowed for this key'] }];
      keys.delete(name);
      return [204, {}];
    }
    return [
      200,
      {
        data: {
          type: key.type,
          exportable: false,
          allow_plaintext_backup: key.plaintextBackup,
          keys: { 1: { public_key: publicText(key) } },
        },
      },
    ];
  };
  let held: ServerResponse[] | undefined;
  let late: (() => unknown)[] | undefined;
  const server: Server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      engine.calls.push(message.url ?? '');
      const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
      const isKnown = message.headers['x-vault-token'] === token;
      // As the policy of docs/key-stores.md.
      const isPermitted = isKnown && /^\/v1\/transit\/(keys|sign)\/chancery-/.test(message.url ?? '');
      const outcome = (): ReturnType<typeof answer> => {
        // An engine that is down makes no key either.
        if (engine.fail) return [503, {}];
        if (message.url === '/v1/transit/keys?list=true') {
          return isKnown && engine.lists ? [200, { data: { keys: [...keys.keys()] } }] : [403, { errors: [] }];
        }
        return isPermitted ? answer(message.method ?? '', message.url ?? '', body) : [403, { errors: [] }];
      };
      if (held) {
        held.push(response);
        return;
      }
      if (late && message.method === 'POST' && message.url?.startsWith('/v1/transit/keys/')) {
        late.push(outcome);
        response.destroy();
        return;
      }
      const [status, document] = outcome();
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(engine.text ?? (status === 204 ? '' : JSON.stringify(document)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const engine: TransitKeys = {
    uri: `transit+http://127.0.0.1:${port}/transit?token-file=${tokenFile}`,
    keys,
    made: madeNames,
    calls: [],
    fail: false,
    lists: true,
    text: undefined,
    breakOff: () => {
      const asked = (late = [] as (() => unknown)[]);
      return { end: () => (late = undefined), make: () => asked.forEach((makeKey) => makeKey()) };
    },
    hold: () => {
      const responses = (held = [] as ServerResponse[]);
      const release = (): void => {
        held = undefined;
        for (const response of responses) response.writeHead(503).end();
      };
      return { waiting: () => responses.filter(({ destroyed }) => !destroyed).length, release };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
  return engine;
}
