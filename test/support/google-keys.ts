import { createHash, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { crc32c } from '../../libs/key-stores/crc32c.js';
import { ecdsaOfDigest, pkcs1OfDigest, pssOfDigest } from './digest-signatures.js';
import { type KeyPair, keyPair } from './generated-key.js';
import { Refusals, type ServiceAnswer, googleIdentity } from './key-services.js';

interface GoogleKey extends KeyPair {
  readonly algorithm: string;
  readonly protectionLevel: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly destroyScheduledDuration: string;
  state: 'PENDING_GENERATION' | 'GENERATION_FAILED' | 'ENABLED' | 'DISABLED' | 'DESTROY_SCHEDULED';
}

/** A substitute of the signing keys of Google Cloud KMS (REST v1), with its token endpoint. The keys are real ones. */
export interface GoogleKeys {
  /** For `CHANCERY_KEY_STORES`. */
  readonly uri: string;
  /** The value of `GOOGLE_APPLICATION_CREDENTIALS`. */
  readonly credentialsFile: string;
  /** By their ids. */
  readonly keys: Map<string, GoogleKey>;
  /** Every action that was asked for. */
  readonly calls: string[];
  readonly refusals: Refusals;
  /** Whether the token endpoint gives no token, and the service accepts none that was given before. */
  rejectsIdentity: boolean;
  /** So many answers have a signature or a public key that was damaged. */
  damaged: number;
  close(): Promise<void>;
}

const RING = 'projects/example/locations/europe-west3/keyRings/chancery';
const CURVES = { EC_SIGN_P256_SHA256: 'P-256', EC_SIGN_P384_SHA384: 'P-384' } as const;

function newPair(algorithm: string): KeyPair | undefined {
  const rsa = /^RSA_SIGN_(PKCS1|PSS)_(2048_SHA256|3072_SHA256|4096_SHA256|4096_SHA512)$/.exec(algorithm)?.[2];
  if (rsa !== undefined) return keyPair(Number(rsa.slice(0, 4)));
  if (algorithm === 'EC_SIGN_ED25519') return keyPair('Ed25519');
  const curve = CURVES[algorithm as keyof typeof CURVES];
  return curve && keyPair(curve);
}

/** `undefined` where Google would reject the request. */
function signatureOf({ algorithm, privateKey }: GoogleKey, input: Record<string, unknown>): Buffer | undefined {
  if (algorithm === 'EC_SIGN_ED25519') {
    const data = Buffer.from(String(input['data']), 'base64');
    return input['dataCrc32c'] === String(crc32c(data)) ? sign(null, data, privateKey) : undefined;
  }
  const hash = /SHA\d+$/.exec(algorithm)![0].toLowerCase();
  const digest = Buffer.from((input['digest'] as Record<string, string> | undefined)?.[hash] ?? '', 'base64');
  const isIntact =
    input['digestCrc32c'] === String(crc32c(digest)) && digest.length === createHash(hash).digest().length;
  if (!isIntact) return undefined;
  if (algorithm.startsWith('EC_')) return ecdsaOfDigest(privateKey, digest, 'der');
  return (algorithm.includes('PSS') ? pssOfDigest : pkcs1OfDigest)(privateKey, hash, digest);
}

export const googleRefusal = (status: number, code: string): ServiceAnswer => [
  status,
  { error: { code: status, message: code, status: code } },
];

export async function googleKeys(): Promise<GoogleKeys> {
  const keys = new Map<string, GoogleKey>();
  const folder = mkdtempSync(join(tmpdir(), 'chancery-google-'));
  const identity = googleIdentity(folder, () => endpoint());

  const create = (id: string, body: Record<string, unknown>): ServiceAnswer => {
    const { algorithm = '', protectionLevel = '' } = body['versionTemplate'] as Record<string, string>;
    const pair = newPair(algorithm);
    const labels = body['labels'] as Record<string, string>;
    const fits =
      body['purpose'] === 'ASYMMETRIC_SIGN' &&
      /^[\w-]{1,63}$/.test(id) &&
      Object.entries(labels)
        .flat()
        .every((text) => /^[a-z0-9_-]{1,63}$/.test(text));
    if (!pair || !fits) return googleRefusal(400, 'INVALID_ARGUMENT');
    if (keys.has(id)) return googleRefusal(409, 'ALREADY_EXISTS');
    const destroyScheduledDuration = String(body['destroyScheduledDuration']);
    keys.set(id, {
      algorithm,
      protectionLevel,
      labels,
      destroyScheduledDuration,
      ...pair,
      state: 'PENDING_GENERATION',
    });
    return [200, { name: `${RING}/cryptoKeys/${id}`, purpose: 'ASYMMETRIC_SIGN' }];
  };

  const damage = (text: string): string => {
    if (service.damaged <= 0) return text;
    service.damaged -= 1;
    return `A${text.slice(1)}`;
  };

  const answerOf = (action: string, id: string, body: Record<string, unknown>): ServiceAnswer => {
    if (action === 'ring') return [200, { name: RING }];
    if (action === 'create') return create(id, body);
    const key = keys.get(id);
    if (!key) return googleRefusal(404, 'NOT_FOUND');
    const name = `${RING}/cryptoKeys/${id}/cryptoKeyVersions/1`;
    const version = () => ({ name, state: key.state, algorithm: key.algorithm, protectionLevel: key.protectionLevel });
    if (action === 'get') {
      const answer = version();
      // Made as soon as somebody has seen that it is not.
      if (key.state === 'PENDING_GENERATION') key.state = 'ENABLED';
      return [200, answer];
    }
    if (action === 'destroy') {
      if (key.state !== 'ENABLED' && key.state !== 'DISABLED') return googleRefusal(400, 'FAILED_PRECONDITION');
      key.state = 'DESTROY_SCHEDULED';
      return [200, version()];
    }
    if (key.state !== 'ENABLED') return googleRefusal(400, 'FAILED_PRECONDITION');
    if (action === 'publicKey') {
      const pem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
      return [200, { name, algorithm: key.algorithm, pem: damage(pem), pemCrc32c: String(crc32c(Buffer.from(pem))) }];
    }
    const signature = signatureOf(key, body);
    if (!signature) return googleRefusal(400, 'INVALID_ARGUMENT');
    const verified = 'data' in body ? { verifiedDataCrc32c: true } : { verifiedDigestCrc32c: true };
    const encoded = damage(signature.toString('base64'));
    return [200, { name, signature: encoded, signatureCrc32c: String(crc32c(signature)), ...verified }];
  };

  const actionOf = (method: string, path: string): readonly [string, string] | undefined => {
    if (method === 'GET' && path === `/v1/${RING}`) return ['ring', ''];
    const inRing = path.startsWith(`/v1/${RING}/cryptoKeys`) ? path.slice(`/v1/${RING}/cryptoKeys`.length) : '';
    const created = /^\?cryptoKeyId=([\w-]+)$/.exec(inRing)?.[1];
    if (method === 'POST' && created !== undefined) return ['create', created];
    const [, id = '', rest = ''] = /^\/([\w-]+)\/cryptoKeyVersions\/1(.*)$/.exec(inRing) ?? [];
    const actions: Readonly<Record<string, string>> = {
      'GET ': 'get',
      'GET /publicKey': 'publicKey',
      'POST :destroy': 'destroy',
      'POST :asymmetricSign': 'sign',
    };
    const action = actions[`${method} ${rest}`];
    return action === undefined ? undefined : [action, id];
  };

  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const { method = '', url: path = '', headers } = message;
      const body = Buffer.concat(chunks).toString();
      const outcome = (): ServiceAnswer => {
        if (service.rejectsIdentity) {
          return path === '/token' ? [400, { error: 'invalid_grant' }] : googleRefusal(401, 'UNAUTHENTICATED');
        }
        const refusal = identity.refusalOf({ method, path, headers, body });
        if (refusal) return refusal;
        const named = actionOf(method, path);
        if (!named) return googleRefusal(404, 'NOT_FOUND');
        const [action, id] = named;
        service.calls.push(action);
        const asked = JSON.parse(body || '{}') as Record<string, unknown>;
        return service.refusals.take(action) ?? answerOf(action, id, asked);
      };
      const [status, document] = outcome();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  identity.write();
  const service: GoogleKeys = {
    uri: `gcp-kms://${RING}?endpoint=${endpoint()}`,
    credentialsFile: identity.credentialsFile,
    keys,
    calls: [],
    refusals: new Refusals(),
    rejectsIdentity: false,
    damaged: 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
  return service;
}
