import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Secret } from '#core';
import type { Pkcs11Options } from '#vault';

const MODULES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'];
// Not digits alone: tests look for it in logs, where ports and instants have those by chance.
const PIN = 'pin-of-a-test-token';

/** The PKCS#11 module of SoftHSM and our binding to it, where both are installed: continuous integration installs them. */
export const softHsm: string | undefined = hasBinding() ? MODULES.find((path) => existsSync(path)) : undefined;

function hasBinding(): boolean {
  try {
    createRequire(import.meta.url)('pkcs11js');
    return true;
  } catch {
    return false;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'chancery-softhsm-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const configuration = join(folder, 'softhsm2.conf');
writeFileSync(configuration, `directories.tokendir = ${folder}\nobjectstore.backend = file\nlog.level = ERROR\n`);
// The module reads it when it is loaded, so it is set before anything loads it.
process.env.SOFTHSM2_CONF = configuration;

/** What a server or the command line needs in its environment to find the tokens of this file. */
export const tokenEnvironment = { SOFTHSM2_CONF: configuration };

/** An empty token. Make all of a file's tokens before the first is opened: the module lists its slots once. */
export function createToken(tokenLabel: string): Pkcs11Options {
  const words = ['--init-token', '--free', '--label', tokenLabel, '--pin', PIN, '--so-pin', '8642'];
  execFileSync('softhsm2-util', words, { stdio: 'pipe' });
  return { module: softHsm!, tokenLabel, keyLabel: 'master', pin: new Secret(PIN) };
}
