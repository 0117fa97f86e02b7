import type { Terminal } from '../terminal.js';

const WIDTH = 30;

/** One line of progress: `Rotating [###-------]  3/10`. */
function progressLine(what: string, done: number, total: number): string {
  const filled = total === 0 ? WIDTH : Math.floor((done / total) * WIDTH);
  return `${what} [${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${done}/${total}`;
}

/** Shows how far a long job is, in one line that is written over; nothing where no person watches. */
export function progressBar({ fail, isInteractive = false }: Terminal, what: string) {
  let shown = false;
  return {
    show(done: number, total: number): void {
      if (!isInteractive) return;
      shown = true;
      fail(`\r${progressLine(what, done, total)}`);
    },
    end(): void {
      // Clears the line (ECMA-48 EL).
      if (shown) fail('\r\u{1b}[2K');
    },
  };
}
