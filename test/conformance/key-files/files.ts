import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PASSPHRASE = 'correct horse, bättery & stäple';

/** A folder in which other programs make and read key files. */
export class Workbench {
  readonly folder = mkdtempSync(join(tmpdir(), 'key-files-'));

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return name;
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name));
  }

  run(program: string, args: readonly string[], input?: string): string {
    return execFileSync(program, [...args], {
      cwd: this.folder,
      stdio: 'pipe',
      ...(input === undefined ? {} : { input }),
    }).toString();
  }

  openssl(...args: readonly string[]): string {
    return this.run('openssl', args);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether a program is installed here. */
export function isInstalled(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, [...args], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
