import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CommandResult {
  readonly code: number;
  /** What it wrote to both of its outputs. */
  readonly text: string;
}

/** A folder of its own in which commands run; removed at the end. */
export class Workshop {
  readonly path = mkdtempSync(join(tmpdir(), 'chancery-pki-'));

  /** Runs a command, never through a shell. It may run beside this process's own server. */
  run(command: string, args: readonly string[]): Promise<CommandResult> {
    return new Promise((resolve) => {
      const options = { cwd: this.path, encoding: 'utf8', timeout: 30_000 } as const;
      execFile(command, args, options, (error, stdout, stderr) => {
        const text = stdout + stderr;
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : 1) : 0, text });
      });
    });
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
