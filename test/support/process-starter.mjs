// Starts processes for another process, which is large: see small-process.ts. Ends with it.
import { execFile } from 'node:child_process';

process.on('message', ({ id, command, parameters, options }) => {
  execFile(command, parameters, options, (error, stdout, stderr) => {
    const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
    if (process.connected) process.send({ id, code, text: stdout + stderr });
  });
});
process.on('disconnect', () => process.exit());
