import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { passTime } from './passed-time.js';

/** What a stand-in answers: status and body. */
export type ServiceAnswer = readonly [number, object];

/** What a stand-in answers to an action in place of what it would. */
export class Refusals {
  readonly #next = new Map<string, { answer: ServiceAnswer; times: number; milliseconds: number }>();

  /** So many times; each of the answers takes that long. */
  set(action: string, answer: ServiceAnswer, times = Infinity, milliseconds = 0): void {
    this.#next.set(action, { answer, times, milliseconds });
  }

  /** @returns `undefined` where it does what it is asked */
  take(action: string): ServiceAnswer | undefined {
    const refusal = this.#next.get(action);
    if (!refusal || refusal.times <= 0) return undefined;
    refusal.times -= 1;
    passTime(refusal.milliseconds);
    return refusal.answer;
  }

  clear(): void {
    this.#next.clear();
  }
}

export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/**
 * A substitute of a key management service: it holds a key, checks each request as the service does (signature, token, members) and
 * answers in the service's own form. `fail` makes it answer 503.
 */
export interface KeyService {
  readonly endpoint: string;
  /** How often each action was asked for. */
  readonly calls: string[];
  fail: boolean;
  /** What it answers to every request for a key in place of what it would: a key that was disabled, say. */
  refusal: ServiceAnswer | undefined;
  /** A key of the service that nothing else uses, by the name that the setting has for it. */
  createKey(): string;
  close(): Promise<void>;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key of the substitute, and what it does with it. */
function cipher(key = randomBytes(32)) {
  return {
    encrypt(plaintext: Buffer, context: string): Buffer {
      const nonce = randomBytes(NONCE_BYTES);
      const gcm = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, gcm.update(plaintext), gcm.final(), gcm.getAuthTag()]);
    },
    /** `undefined` for what this key did not encrypt. */
    decrypt(bytes: Buffer, context: string): Buffer | undefined {
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const gcm = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      gcm.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([gcm.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), gcm.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

type Cipher = ReturnType<typeof cipher>;

async function serve(
  nameOf: (endpoint: string, key: string) => string,
  answer: (request: ServiceRequest, service: KeyService, keys: ReadonlyMap<string, Cipher>) => ServiceAnswer,
): Promise<KeyService> {
  const keys = new Map<string, Cipher>();
  const server: Server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const { method = '', url: path = '', headers } = message;
      const body = Buffer.concat(chunks).toString();
      const own = service.fail ? ([503, {}] as const) : answer({ method, path, headers, body }, service, keys);
      // Not that of a token endpoint.
      const [status, document] = path === '/token' ? own : (service.refusal ?? own);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service: KeyService = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: [],
    fail: false,
    refusal: undefined,
    createKey: () => {
      const key = randomUUID();
      keys.set(key, cipher());
      return nameOf(service.endpoint, key);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return service;
}

const AWS_ACCESS_KEY_ID = 'AKIAIOSFODNN7EXAMPLE';
const AWS_SECRET_ACCESS_KEY = randomBytes(30).toString('base64');
export const AWS_REGION = 'eu-central-1';
export const AWS_KEY_PREFIX = `arn:aws:kms:${AWS_REGION}:111122223333:key/`;

/** Who the server is at AWS, as the environment says it to the SDK. */
export const awsEnvironment = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };

/** AWS KMS, JSON protocol 1.1, requests signed by Signature Version 4. */
export const awsKms = (): Promise<KeyService> =>
  serve(
    (_, key) => `aws-kms://${AWS_KEY_PREFIX}${key}`,
    ({ headers, body, ...request }, { calls }, keys) => {
      if (!isSignedForAws({ ...request, headers, body })) return [400, { __type: 'IncompleteSignatureException' }];
      const action = /^TrentService\.(Encrypt|Decrypt)$/.exec(String(headers['x-amz-target']))?.[1];
      if (action === undefined) return [400, { __type: 'UnknownOperationException' }];
      calls.push(action);
      const input = JSON.parse(body) as Record<string, unknown> & { EncryptionContext?: Record<string, string> };
      const arn = String(input.KeyId);
      const key = keys.get(arn.replace(AWS_KEY_PREFIX, ''));
      if (!key) return [400, { __type: 'NotFoundException', message: 'Key does not exist' }];
      const context = JSON.stringify(input.EncryptionContext);
      if (action === 'Encrypt') {
        const blob = key.encrypt(Buffer.from(String(input.Plaintext), 'base64'), context);
        return [200, { KeyId: arn, CiphertextBlob: blob.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }];
      }
      const plaintext = key.decrypt(Buffer.from(String(input.CiphertextBlob), 'base64'), context);
      if (!plaintext) return [400, { __type: 'InvalidCiphertextException', message: null }];
      return [200, { KeyId: arn, Plaintext: plaintext.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }];
    },
  );

/** Whether a request has the signature that AWS would compute (Signature Version 4, header form). */
export function isSignedForAws({ method, path, headers, body }: ServiceRequest): boolean {
  const authorization =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/kms\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      String(headers.authorization),
    );
  if (!authorization) return false;
  const [, accessKeyId, date = '', region = '', signedHeaders = '', signature] = authorization;
  if (accessKeyId !== AWS_ACCESS_KEY_ID || region !== AWS_REGION) return false;
  const lines = signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const canonical = [method, path, '', lines.join(''), signedHeaders, hash(body)].join('\n');
  const scope = `${date}/${region}/kms/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, hash(canonical)].join('\n');
  const signingKey = scope
    .split('/')
    .reduce<Buffer>(
      (previous, part) => createHmac('sha256', previous).update(part).digest(),
      Buffer.from(`AWS4${AWS_SECRET_ACCESS_KEY}`),
    );
  return createHmac('sha256', signingKey).update(text).digest('hex') === signature;
}

/** Who a server is at Google: a workload whose token is exchanged for an access token (RFC 8693). */
export interface GoogleIdentity {
  /** The value of `GOOGLE_APPLICATION_CREDENTIALS`. */
  readonly credentialsFile: string;
  /** What a request without the right to be answered is answered, or the token that was asked for. */
  refusalOf(request: ServiceRequest): ServiceAnswer | undefined;
}

/**
 * @param folder where the files of the identity go
 * @param endpoint of the service, which exchanges the tokens as well: a library asks for them there
 */
export function googleIdentity(folder: string, endpoint: () => string) {
  const accessToken = randomUUID();
  const subjectToken = randomUUID();
  const audience = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster';
  const [credentialsFile, subjectTokenFile] = ['credentials.json', 'token'].map((name) => join(folder, name));
  return {
    credentialsFile: credentialsFile!,
    /** As soon as the endpoint is known. */
    write(): void {
      const credentials = {
        type: 'external_account',
        audience,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${endpoint()}/token`,
        credential_source: { file: subjectTokenFile },
      };
      writeFileSync(credentialsFile!, JSON.stringify(credentials));
      writeFileSync(subjectTokenFile!, subjectToken);
    },
    refusalOf({ method, path, headers, body }: ServiceRequest): ServiceAnswer | undefined {
      if (method === 'POST' && path === '/token') {
        const form = Object.fromEntries(new URLSearchParams(body));
        const fits =
          form.grant_type === 'urn:ietf:params:oauth:grant-type:token-exchange' &&
          form.subject_token === subjectToken &&
          form.audience === audience &&
          form.scope === 'https://www.googleapis.com/auth/cloudkms';
        if (!fits) return [400, { error: 'invalid_grant' }];
        const issuedTokenType = 'urn:ietf:params:oauth:token-type:access_token';
        return [
          200,
          { access_token: accessToken, issued_token_type: issuedTokenType, token_type: 'Bearer', expires_in: 3600 },
        ];
      }
      if (headers.authorization === `Bearer ${accessToken}`) return undefined;
      return [401, { error: { status: 'UNAUTHENTICATED' } }];
    },
  } satisfies GoogleIdentity & { write(): void };
}

/**
 * Google Cloud KMS, REST v1, and the token endpoint that its library exchanges the token of a workload at.
 * @param folder where the file with the configuration of the identity goes
 */
export async function googleKms(folder: string): Promise<KeyService & { readonly credentialsFile: string }> {
  const ring = 'projects/example/locations/europe-west3/keyRings/chancery/cryptoKeys';
  const identity = googleIdentity(folder, () => service.endpoint);
  const service: KeyService = await serve(
    (_, key) => `gcp-kms://${ring}/${key}`,
    (request, { calls }, keys) => {
      const refusal = identity.refusalOf(request);
      if (refusal) return refusal;
      const { method, path, body } = request;
      const [, name = '', action] = /^\/v1\/(.+):(encrypt|decrypt)$/.exec(path) ?? [];
      const key = keys.get(name.replace(`${ring}/`, ''));
      if (method !== 'POST' || !key || action === undefined) return [404, { error: { status: 'NOT_FOUND' } }];
      calls.push(action);
      const input = JSON.parse(body) as Record<string, string>;
      const context = input.additionalAuthenticatedData ?? '';
      if (action === 'encrypt') {
        const ciphertext = key.encrypt(Buffer.from(input.plaintext ?? '', 'base64'), context);
        return [200, { name: `${name}/cryptoKeyVersions/1`, ciphertext: ciphertext.toString('base64') }];
      }
      const plaintext = key.decrypt(Buffer.from(input.ciphertext ?? '', 'base64'), context);
      if (plaintext) return [200, { plaintext: plaintext.toString('base64') }];
      const message = 'Decryption failed: verify that name refers to the correct CryptoKey.';
      return [400, { error: { code: 400, message, status: 'INVALID_ARGUMENT' } }];
    },
  );
  identity.write();
  return Object.assign(service, { credentialsFile: identity.credentialsFile });
}

/** The transit engine of OpenBao and Vault, HTTP API v1. */
export const transitEngine = (token: string): Promise<KeyService> =>
  serve(
    (endpoint, key) => `transit+${endpoint}/transit/${key}`,
    ({ method, path, headers, body }, { calls }, keys) => {
      if (headers['x-vault-token'] !== token) return [403, { errors: ['permission denied'] }];
      const [, action, name = ''] = /^\/v1\/transit\/(encrypt|decrypt)\/([\w-]+)$/.exec(path) ?? [];
      const key = keys.get(name);
      if (method !== 'POST' || !key || action === undefined) return [404, { errors: [] }];
      calls.push(action);
      const input = JSON.parse(body) as Record<string, string>;
      const context = input.associated_data ?? '';
      if (action === 'encrypt') {
        const bytes = key.encrypt(Buffer.from(input.plaintext ?? '', 'base64'), context);
        return [200, { data: { ciphertext: `vault:v1:${bytes.toString('base64')}`, key_version: 1 } }];
      }
      const [, bytes] = /^vault:v1:(.+)$/.exec(input.ciphertext ?? '') ?? [];
      const decoded = Buffer.from(bytes ?? '', 'base64');
      const plaintext = decoded.toString('base64') === bytes ? key.decrypt(decoded, context) : undefined;
      if (!plaintext) return [400, { errors: ['cipher: message authentication failed'] }];
      return [200, { data: { plaintext: plaintext.toString('base64') } }];
    },
  );
