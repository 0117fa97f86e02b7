import { type KeyObject, createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { promisify } from 'node:util';

/** On all cores: tens of thousands are signed. */
const signTogether = promisify(sign);

const LIFETIME_SECONDS = 1_200;

/** The key of a client of Xima CCaaS, whose requests are signed here: that costs more than what is measured of them. */
export interface RequestKey {
  readonly pem: string;
  /** A token for a request with this body, of another id each time. */
  tokenFor(body: string, kid: string): Promise<string>;
}

export function createRequestKey(): RequestKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    tokenFor: (body, kid) => tokenFor(privateKey, body, kid),
  };
}

async function tokenFor(key: KeyObject, body: string, kid: string): Promise<string> {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    payload_hash: createHash('sha256').update(body).digest('hex'),
    jti: randomUUID(),
    exp: Math.floor(Date.now() / 1_000) + LIFETIME_SECONDS,
  };
  const data = `${part({ alg: 'RS256', typ: 'JWT', kid })}.${part(claims)}`;
  const signature = await signTogether('sha256', Buffer.from(data), key);
  return `${data}.${signature.toString('base64url')}`;
}
