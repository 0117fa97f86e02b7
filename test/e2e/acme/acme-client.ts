import { type KeyObject, createHash, createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';

import { type RequestWishes, keys, makeRequest, sanExtension } from '../../conformance/certificates/pure-samples.js';
import * as der from '../../support/asn1.js';
import type { Answer, Shape, TestServer, TestTenant } from '../../support/server.js';
import { createAuthority } from '../certificates/pki.js';

export const base64url = (value: string | Buffer): string => Buffer.from(value).toString('base64url');

export interface Binding {
  readonly id: string;
  readonly hmacKey: string;
  readonly directoryUrl: string;
}

/** An authority whose certificates web servers have, and a service of that name with a binding. */
export async function prepareAcme(
  server: TestServer,
  tenant: TestTenant,
  wishes: {
    readonly service?: string;
    readonly wildcards?: boolean;
    readonly names?: object;
    /** Of the authority. */
    readonly keyStore?: string;
  } = {},
): Promise<{ caId: string; serviceId: string; serviceKey: string; binding: Binding }> {
  const { service: name = 'web', wildcards = false, names = {}, keyStore } = wishes;
  const profile = { extendedKeyUsage: ['serverAuth'], names: { commonNameFromSan: true, wildcards, ...names } };
  const caId = (await createAuthority(server, tenant, { profile, keyStore }))['id']!;
  const created = await server.post(`${tenant.path}/services`, { name }, tenant.owner);
  const serviceId = created.body['service']!['id']!;
  const serviceKey = created.body['serviceKey']!['secret']!;
  return { caId, serviceId, serviceKey, binding: await bind(server, tenant, serviceId, { caId }) };
}

export async function bind(server: TestServer, tenant: TestTenant, serviceId: string, body: object = {}) {
  const made = await server.post(`${tenant.path}/services/${serviceId}/acme-bindings`, body, tenant.owner);
  if (made.status !== 201) throw new Error(`The binding was refused: ${made.text}`);
  return made.body as unknown as Binding;
}

const publicJwk = (key: KeyObject) => createPublicKey(key).export({ format: 'jwk' }) as Record<string, string>;

/** What a request of a test may have otherwise than it should. */
export interface Deviation {
  readonly url?: string;
  readonly nonce?: string | undefined;
  readonly header?: object;
  readonly contentType?: string;
  readonly key?: KeyObject;
  /** The whole body in its place. */
  readonly body?: object;
}

/** A small ACME client (RFC 8555) that can do everything wrong. */
export class AcmeTestClient {
  readonly key: KeyObject;
  kid: string | undefined;
  #nonce: string | undefined;

  constructor(
    readonly server: TestServer,
    readonly directoryUrl: string,
    key: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ) {
    this.key = key;
  }

  url(path: string): string {
    return this.directoryUrl.replace(/directory$/, path);
  }

  get thumbprint(): string {
    const { crv, kty, x, y } = publicJwk(this.key);
    return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  }

  async nonce(): Promise<string> {
    const answer = await this.server.request('HEAD', new URL(this.url('new-nonce')).pathname);
    return answer.headers.get('replay-nonce')!;
  }

  jws(header: object, payload: object | undefined, key = this.key) {
    const protectedHeader = base64url(JSON.stringify({ alg: 'ES256', ...header }));
    const encoded = payload === undefined ? '' : base64url(JSON.stringify(payload));
    const signature = sign('sha256', Buffer.from(`${protectedHeader}.${encoded}`), {
      key,
      dsaEncoding: 'ieee-p1363',
    });
    return { protected: protectedHeader, payload: encoded, signature: base64url(signature) };
  }

  /** A request by the account, or by the key where there is none. @param payload `undefined`: POST-as-GET */
  async post(url: string, payload?: object, deviation: Deviation = {}): Promise<Answer> {
    const nonce = 'nonce' in deviation ? deviation.nonce : (this.#nonce ?? (await this.nonce()));
    this.#nonce = undefined;
    const key = deviation.key ?? this.key;
    const signer = this.kid === undefined ? { jwk: publicJwk(key) } : { kid: this.kid };
    const header = { nonce, url: deviation.url ?? url, ...signer, ...deviation.header };
    const body = deviation.body ?? this.jws(header, payload, key);
    const { pathname, search } = new URL(url);
    const answer = await this.server.request('POST', pathname + search, body, {
      headers: { 'Content-Type': deviation.contentType ?? 'application/jose+json' },
    });
    this.#nonce = answer.headers.get('replay-nonce') ?? undefined;
    return answer;
  }

  externalBinding(binding: Binding, deviation: { url?: string; key?: string; jwk?: object; alg?: string } = {}) {
    const url = deviation.url ?? this.url('new-account');
    const header = base64url(JSON.stringify({ alg: deviation.alg ?? 'HS256', kid: binding.id, url }));
    const payload = base64url(JSON.stringify(deviation.jwk ?? publicJwk(this.key)));
    const mac = createHmac('sha256', Buffer.from(deviation.key ?? binding.hmacKey, 'base64url'));
    return { protected: header, payload, signature: base64url(mac.update(`${header}.${payload}`).digest()) };
  }

  async register(binding: Binding, payload: object = {}): Promise<Answer> {
    const externalAccountBinding = this.externalBinding(binding);
    const answer = await this.post(this.url('new-account'), {
      termsOfServiceAgreed: true,
      externalAccountBinding,
      ...payload,
    });
    this.kid = answer.headers.get('location') ?? undefined;
    return answer;
  }

  order(names: readonly string[], more: object = {}): Promise<Answer> {
    return this.post(this.url('new-order'), {
      identifiers: names.map((value) => ({ type: 'dns', value })),
      ...more,
    });
  }

  /** The challenge of that type of each authorization of an order. */
  async challenges(order: Shape, type = 'http-01'): Promise<{ url: string; token: string; name: string }[]> {
    const found = [];
    for (const url of order['authorizations'] as unknown as string[]) {
      const { body } = await this.post(url);
      const all = body['challenges'] as unknown as { type: string; url: string; token: string }[];
      const challenge = all.find((each) => each.type === type)!;
      found.push({ url: challenge.url, token: challenge.token, name: body['identifier']!['value']! });
    }
    return found;
  }

  keyAuthorization(token: string): string {
    return `${token}.${this.thumbprint}`;
  }
}

const dnsName = (value: string): Buffer => der.implicit(2, Buffer.from(value, 'latin1'));

/** A certificate request in base64url, as `finalize` takes it. */
export const csrOf = (names: readonly string[], wishes: Partial<RequestWishes> = {}): string =>
  base64url(
    makeRequest({
      key: keys.p256(),
      subject: der.sequence(),
      extensions: [sanExtension(...names.map((name) => dnsName(name)))],
      ...wishes,
    }),
  );

/** A host that answers http-01 challenges on a free port of the loopback interface. */
export class ChallengeHost {
  readonly answers = new Map<string, string>();
  /** What is written to every connection in the place of an answer. */
  raw: string | undefined;
  readonly requests: string[] = [];
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  async listen(): Promise<number> {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const [, path = ''] = /^GET (\S+)/.exec(data.toString('latin1')) ?? [];
        this.requests.push(path);
        if (this.raw !== undefined) {
          socket.write(this.raw);
          return;
        }
        const body = this.answers.get(path.split('/').at(-1)!);
        const [status, text] = body === undefined ? ['404 Not Found', 'nothing'] : ['200 OK', body];
        socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`);
      });
    });
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends the connections that it has not answered. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server?.close();
  }
}
