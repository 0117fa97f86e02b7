import { Choice } from '../http/fields.js';

export class PublicKeyQuery {
  @Choice(['jwk', 'pem'], { optional: true, default: 'jwk', description: 'JWK (RFC 7517) or PEM (RFC 7468)' })
  format?: 'jwk' | 'pem';
}
