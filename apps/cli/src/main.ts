#!/usr/bin/env node
// Nothing is imported before the check below: native modules crash an older Node instead of explaining themselves.
const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `Chancery needs Node ${OLDEST_NODE} or newer; this is ${process.version}. Run it by \`npm run chancery\`.\n`,
  );
  process.exitCode = 1;
} else {
  const { run } = await import('./program.js');
  const { openBrowser, standardInput } = await import('./standard-input.js');
  // The reader of a pipe may have seen enough: `chancery audit list | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.exitCode = await run(process.argv.slice(2), {
    environment: process.env,
    write: (text) => process.stdout.write(text),
    fail: (text) => process.stderr.write(text),
    ...standardInput(process.stdin, process.stderr),
    openBrowser: (url) => openBrowser(process.platform, url),
    isInteractive: process.stderr.isTTY,
  });
}
