import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type CommandResult, runCommand } from './small-process.js';

/** A folder of its own in which commands run; removed at the end. */
export class Workshop {
  readonly path = mkdtempSync(join(tmpdir(), 'chancery-pki-'));

  /** Runs a command, never through a shell. It may run beside this process's own server. */
  run(command: string, args: readonly string[]): Promise<CommandResult> {
    return runCommand(command, args, { cwd: this.path, timeout: 30_000 });
  }

  /** `openssl` with these arguments. @throws Error where it fails */
  async openssl(...args: readonly string[]): Promise<string> {
    const { code, text } = await this.run('openssl', args);
    if (code !== 0) throw new Error(`openssl ${args.join(' ')} failed:\n${text}`);
    return text;
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(join(this.path, name), content);
    return name;
  }

  read(name: string): Buffer {
    return readFileSync(join(this.path, name));
  }

  /**
   * A new P-256 key in `<name>.key` and a request for it.
   * @param args of `openssl req`, such as `-addext`, after the subject
   */
  async request(name: string, subject: string, ...args: readonly string[]): Promise<string> {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    await this.openssl('req', '-new', ...key, '-subj', subject, '-out', `${name}.csr`, ...args);
    return this.read(`${name}.csr`).toString();
  }

  clear(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
