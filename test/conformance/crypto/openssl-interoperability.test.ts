import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlgorithmName, type GeneratedKey, algorithm, algorithmNames } from '#crypto';
import { generatedKey } from '../../support/generated-key.js';

const DATA = Buffer.from('eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UifQ');
const rsaAndEc = algorithmNames.filter((name) => ['rsa', 'ec'].includes(algorithm(name).kind));

/** R and S side by side (JOSE) as the DER sequence that openssl reads. */
function derFromJoseSignature(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integers = [signature.subarray(0, half), signature.subarray(half)].map((number) => {
    const significant = number.subarray(number.findIndex((byte) => byte !== 0));
    const content = significant[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), significant]) : significant;
    return Buffer.concat([Buffer.of(0x02, content.length), content]);
  });
  const content = Buffer.concat(integers);
  const length = content.length < 0x80 ? Buffer.of(content.length) : Buffer.of(0x81, content.length);
  return Buffer.concat([Buffer.of(0x30), length, content]);
}

describe.each(rsaAndEc)('%s and openssl', (alg: AlgorithmName) => {
  const { sign, kind } = algorithm(alg);
  let key: GeneratedKey;
  let folder: string;

  beforeAll(async () => {
    key = await generatedKey(alg);
    folder = mkdtempSync(join(tmpdir(), 'openssl-'));
    writeFileSync(join(folder, 'public.pem'), key.verifyingKey.export({ type: 'spki', format: 'pem' }));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function opensslVerifies(data: Buffer, signature: Buffer): boolean {
    writeFileSync(join(folder, 'signature'), kind === 'ec' ? derFromJoseSignature(signature) : signature);
    const [hashBits] = /\d{3}/.exec(alg)!;
    const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', `rsa_pss_saltlen:${Number(hashBits) / 8}`];
    const options = alg.startsWith('PS') ? pss : [];
    const verify = ['dgst', `-sha${hashBits}`, '-verify', 'public.pem', '-signature', 'signature', ...options];
    try {
      return execFileSync('openssl', verify, { cwd: folder, input: data, stdio: 'pipe' }).includes('Verified OK');
    } catch {
      return false;
    }
  }

  it(`openssl verifies what we sign by ${alg}, and rejects it for other data`, async () => {
    const signature = await sign(DATA, key.signingKey);
    expect(opensslVerifies(DATA, signature)).toBe(true);
    expect(opensslVerifies(Buffer.from('something else'), signature)).toBe(false);
  });
});
