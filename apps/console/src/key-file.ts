import type { Schemas } from './queries.js';

type Format = Schemas['KeyToImport']['format'];

/** What a file looks like, as a first choice; the server reads it strictly as what is chosen. */
export function formatOfKeyFile(name: string, text: string): Format {
  if (/\.(p12|pfx)$/i.test(name)) return 'pkcs12';
  const start = text.trimStart();
  if (start.startsWith('-----BEGIN ')) return 'pem';
  if (start.startsWith('{')) return 'jwk';
  if (start.startsWith('<')) return 'rsa-xml';
  if (start !== '') return /^[A-Za-z0-9+/]+={0,2}\s*$/.test(start) ? 'secret-base64' : 'secret';
  return 'pem';
}
