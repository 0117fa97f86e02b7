// Where tests put what they throw away. A folder in memory keeps every commit as cheap as a write to memory, although
// the databases in it are told to wait for the disk: what the product asks for in production is asked for in tests too.
import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const IN_MEMORY = '/dev/shm';
const ROOM_BYTES = 1024 ** 3;

/** A folder in memory where the machine has one with room for a database server, else the folder for temporary files. */
export function temporaryFolder() {
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize >= ROOM_BYTES ? IN_MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
