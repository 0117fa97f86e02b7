// The token endpoint of `oidc-provider`, with everything in its memory: client credentials for a resource of each algorithm
// (RFC 6749 §4.4, RFC 8707), answered with a JWT (RFC 9068).
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';

import { type AsymmetricSigningAlgorithm, Provider } from 'oidc-provider';

const port = await new Promise<number>((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address() as AddressInfo;
    probe.close(() => resolve(port));
  });
});
const pairs = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
};
const address = `http://127.0.0.1:${port}`;
const provider = new Provider(address, {
  clients: [
    {
      client_id: 'bench',
      client_secret: process.env['CLIENT_SECRET']!,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  jwks: {
    keys: Object.entries(pairs).map(([alg, { privateKey }]) => ({
      ...privateKey.export({ format: 'jwk' }),
      alg,
      use: 'sig',
      kid: randomUUID(),
    })) as never,
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_context, resource) => ({
        scope: '',
        audience: 'https://api.partner.test',
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: new URL(resource).hostname.split('.')[0]!.toUpperCase() as AsymmetricSigningAlgorithm } },
      }),
    },
  },
});
const server = provider.listen(port, '127.0.0.1', () => process.stdout.write(`Peer listens on ${address}\n`));
process.once('SIGTERM', () => server.close());
