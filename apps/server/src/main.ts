// Nothing is imported before the check below: native modules crash an older Node instead of explaining themselves.
const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `Chancery needs Node ${OLDEST_NODE} or newer; this is ${process.version}. Run it by \`npm start\`.\n`,
  );
  process.exitCode = 1;
} else {
  const { start } = await import('./start.js');
  await start({
    environment: process.env,
    write: (text) => process.stdout.write(text),
    fail: (text) => {
      process.stderr.write(text);
      process.exitCode = 1;
    },
    onStop: (stop) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
    },
    exit: (code) => process.exit(code),
  });
}
