import { type KeyObject, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

import { algorithmNames, algorithms } from '#crypto';
import { readKey } from '#pki';

import type { Case } from './corpus.ts';
import { filesBelow, output } from './sources.ts';

/** The passphrases of the test vectors, as their own documentation has them. */
const PASSPHRASES = [
  undefined,
  'password',
  'foobar',
  'baz',
  'cryptography',
  '123456',
  'a123456',
  'asdf',
  'Red Hat Enterprise Linux 7.4',
  'quux',
];

/** The usual ones first: each that is tried opens the file anew. */
const pairs = (['RS256', 'ES256', 'EdDSA', ...algorithmNames] as const).filter(
  (name, index, all) => !algorithms[name].symmetric && all.indexOf(name) === index,
);
const publicHalf = (key: KeyObject): string => createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();

/** What OpenSSL reads, if it is a key for one of the algorithms of this product. */
function byOpenssl(bytes: Buffer): KeyObject | undefined {
  const forms = bytes.includes('-----BEGIN')
    ? [{ key: bytes, format: 'pem' as const }]
    : (['pkcs8', 'pkcs1', 'sec1'] as const).map((type) => ({ key: bytes, format: 'der' as const, type }));
  for (const form of forms) {
    for (const passphrase of PASSPHRASES) {
      try {
        const key = createPrivateKey({ ...form, ...(passphrase === undefined ? {} : { passphrase }) });
        const isUsable = key.asymmetricKeyType === 'rsa-pss' || pairs.some((name) => algorithms[name].fits(key));
        return isUsable ? key : undefined;
      } catch {
        // The next form or passphrase.
      }
    }
  }
  return undefined;
}

const LABELS = ['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY'];
const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64')}\n-----END ${label}-----\n`;

type Format = 'pem' | 'pkcs12';

/** What this product reads, whatever the algorithm; the last reason of a refusal otherwise. */
async function byProduct(format: Format, texts: readonly string[], passphrases: readonly (string | undefined)[]) {
  const reasons: string[] = [];
  for (const text of texts) {
    for (const passphrase of passphrases) {
      for (const algorithm of pairs) {
        try {
          return { key: (await readKey(format, text, { algorithm, passphrase })).signingKey, detail: '' };
        } catch (error) {
          const { code = 'NO CODE', message } = error as { code?: string; message: string };
          reasons.push(`${code} ${message}`);
          // Another algorithm opens nothing that this passphrase does not open.
          if (code.startsWith('PASSPHRASE')) break;
        }
      }
    }
  }
  const telling = reasons.filter((reason) => !/PASSPHRASE|not one for|not an ML-DSA|permits the key/.test(reason));
  return { key: undefined, detail: telling.at(-1) ?? reasons.at(-1) ?? '' };
}

function compare(
  name: string,
  expected: KeyObject | boolean | undefined,
  read: { key: KeyObject | undefined; detail: string },
): Case {
  const isAnother = read.key && typeof expected === 'object' && !isSameKey(read.key, expected);
  return {
    name,
    expected: expected ? 'accepted' : 'refused',
    actual: read.key && !isAnother ? 'accepted' : 'refused',
    detail: isAnother ? 'ANOTHER KEY was read' : read.detail,
  };
}

/** An RSASSA-PSS key has an identifier of its own, and the same numbers. */
function isSameKey(one: KeyObject, other: KeyObject): boolean {
  if (other.asymmetricKeyType !== 'rsa-pss') return publicHalf(one) === publicHalf(other);
  return one.asymmetricKeyDetails?.modulusLength === other.asymmetricKeyDetails?.modulusLength;
}

/** Private keys in PEM and DER, held against OpenSSL as Node has it. */
export async function* privateKeys(folder: string): AsyncIterable<Case> {
  for (const path of filesBelow(folder)) {
    const bytes = readFileSync(path);
    const isPem = /\.(pem|key)$/.test(path) && bytes.includes('PRIVATE KEY-----');
    const isDer = path.endsWith('.der') && path.includes('asymmetric');
    if (!isPem && !isDer) continue;
    const texts = isPem ? [bytes.toString('latin1')] : LABELS.map((label) => pem(label, bytes));
    yield compare(relative(folder, path), byOpenssl(bytes), await byProduct('pem', texts, PASSPHRASES));
  }
}

const STORE_PASSPHRASES = [undefined, '', 'cryptography', 'password'];

/** PKCS#12, held against the command of OpenSSL. */
export async function* keyStores(folder: string): AsyncIterable<Case> {
  for (const path of filesBelow(folder)) {
    if (!path.endsWith('.p12')) continue;
    const hasOneKey = STORE_PASSPHRASES.some((passphrase) => {
      const args = ['pkcs12', '-in', path, '-nodes', '-nocerts', '-legacy', '-passin', `pass:${passphrase ?? ''}`];
      return (output('openssl', args) ?? '').split('BEGIN PRIVATE KEY').length === 2;
    });
    const text = readFileSync(path).toString('base64');
    yield compare(relative(folder, path), hasOneKey, await byProduct('pkcs12', [text], STORE_PASSPHRASES));
  }
}
