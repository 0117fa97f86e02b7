import { type AlgorithmName, type PublicJwk, algorithmNames } from '#crypto';
import { Choice, Items, JsonObject, Text } from '../http/fields.js';

const KEYS_MAX = 500;
const ISSUER_EXAMPLE = 'https://keys.example.com/v1/tenants/0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';

/** A JWK Set (RFC 7517 §5). */
export class JsonWebKeySet {
  @Items(JsonObject(), {
    maxItems: KEYS_MAX,
    description: 'The public keys of pending, active and retired versions; oldest first',
    example: [
      {
        kty: 'OKP',
        kid: '5b8d3c1e-7a44-4f0e-9d56-2f1c8e7b9a10',
        use: 'sig',
        crv: 'Ed25519',
        x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
        alg: 'EdDSA',
      },
    ],
  })
  keys: PublicJwk[];
}

/** Provider metadata (OpenID Connect Discovery 1.0 §3) of an issuer that has keys and no endpoints for people. */
export class IssuerMetadata {
  @Text({ description: 'The `iss` of the tokens', example: ISSUER_EXAMPLE }) issuer: string;
  @Text({ description: 'URL of the JWK Set', example: `${ISSUER_EXAMPLE}/.well-known/jwks.json` }) jwks_uri: string;
  @Items(Choice(['id_token']), { maxItems: 1, description: 'Required by the standard', example: ['id_token'] })
  response_types_supported: string[];
  @Items(Choice(['public']), { maxItems: 1, description: 'Required by the standard', example: ['public'] })
  subject_types_supported: string[];
  @Items(Choice(algorithmNames), {
    maxItems: algorithmNames.length,
    description: 'The algorithms of the published keys',
    example: ['ES256'],
  })
  id_token_signing_alg_values_supported: AlgorithmName[];
}

/** @param issuer an absolute URL without a slash at its end: `/.well-known/...` is appended to it (§4.1) */
export const issuerMetadata = (issuer: string, { keys }: { keys: readonly PublicJwk[] }): IssuerMetadata => ({
  issuer,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: [...new Set(keys.map(({ alg }) => alg))].toSorted(),
});
