// The floors: a bare Fastify handler for each algorithm that signs or verifies with a cached key and stores nothing.
import {
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign,
} from 'node:crypto';

import fastify from 'fastify';
import jsonwebtoken from 'jsonwebtoken';

const secret = createSecretKey(randomBytes(32));
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');
const LIFETIME_SECONDS = 300;

interface Body {
  readonly subject?: string;
  readonly token?: string;
  readonly body?: string;
}

const claimsOf = ({ subject }: Body) => ({ iss: 'https://floor.test', sub: subject, jti: randomUUID() });
const options = { keyid: 'floor', expiresIn: LIFETIME_SECONDS };

/** jsonwebtoken does not know EdDSA, so the floor puts the token together by hand, which is quicker. */
const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: 'JWT', kid: 'floor' })).toString('base64url');
function signEdDsa(body: Body): string {
  const issuedAt = Math.floor(Date.now() / 1_000);
  const claims = { ...claimsOf(body), iat: issuedAt, exp: issuedAt + LIFETIME_SECONDS };
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${sign(null, Buffer.from(signed), ed25519.privateKey).toString('base64url')}`;
}

const server = fastify();
server.post<{ Body: Body }>('/sign/HS256', async ({ body }) => ({
  token: jsonwebtoken.sign(claimsOf(body), secret, { algorithm: 'HS256', ...options }),
}));
server.post<{ Body: Body }>('/sign/ES256', async ({ body }) => ({
  token: jsonwebtoken.sign(claimsOf(body), ec.privateKey, { algorithm: 'ES256', ...options }),
}));
server.post<{ Body: Body }>('/sign/EdDSA', async ({ body }) => ({ token: signEdDsa(body) }));
server.post<{ Body: Body }>('/verify/HS256', async ({ body }) => ({
  claims: jsonwebtoken.verify(body.token ?? '', secret, { algorithms: ['HS256'] }),
}));
server.post<{ Body: Body }>('/verify/ES256', async ({ body }) => ({
  claims: jsonwebtoken.verify(body.token ?? '', ec.publicKey, { algorithms: ['ES256'] }),
}));
/** The key of tokens that bind a body; the bench gives it. */
let boundKey: KeyObject | undefined;
server.post<{ Body: { readonly pem: string } }>('/bound-key', async ({ body }) => {
  boundKey = createPublicKey(body.pem);
  return {};
});
server.post<{ Body: Body }>('/verify/bound', async ({ body }) => {
  const claims = jsonwebtoken.verify(body.token ?? '', boundKey!, { algorithms: ['RS256'] }) as {
    payload_hash: string;
  };
  return { valid: claims.payload_hash === hash('sha256', body.body ?? '') };
});
process.once('SIGTERM', () => void server.close());
process.stdout.write(`Floor listens on ${await server.listen({ host: '127.0.0.1', port: 0 })}\n`);
