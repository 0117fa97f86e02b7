import type { KeyObject } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type AlgorithmName, algorithm } from '#crypto';

/** An integer as DER wants it (X.690 §8.3): no leading zeros, but one where the first bit is set. */
function derInteger(number: Buffer): Buffer {
  const significant = number.subarray(number.findIndex((byte) => byte !== 0));
  const content = significant[0]! < 0x80 ? significant : Buffer.concat([Buffer.of(0), significant]);
  return Buffer.concat([Buffer.of(0x02, content.length), content]);
}

/** R and S side by side (RFC 7518 §3.4) as the sequence that openssl reads. */
function derSignature(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const content = Buffer.concat([signature.subarray(0, half), signature.subarray(half)].map(derInteger));
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.of(0x30, ...length), content]);
}

/** Whether the `openssl` command accepts the signature of a compact JWS. For RS*, PS* and ES*. */
export function opensslVerifies(token: string, name: AlgorithmName, publicKey: KeyObject): boolean {
  const signedLength = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(signedLength + 1), 'base64url');
  const hashBits = Number(/\d{3}/.exec(name));
  const saltBytes = hashBits / 8;
  const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', `rsa_pss_saltlen:${saltBytes}`];
  const options = name.startsWith('PS') ? pss : [];
  const folder = mkdtempSync(join(tmpdir(), 'chancery-openssl-'));
  try {
    writeFileSync(join(folder, 'public.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(join(folder, 'signature'), algorithm(name).kind === 'ec' ? derSignature(signature) : signature);
    const verify = ['dgst', `-sha${hashBits}`, '-verify', 'public.pem', '-signature', 'signature', ...options];
    execFileSync('openssl', verify, { cwd: folder, input: token.slice(0, signedLength), stdio: 'pipe' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
