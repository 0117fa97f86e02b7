import type { CheckpointMemory } from './checkpoint-file.js';

/** Where the logs of this installation are. */
export abstract class LogPlace {
  /** The host in the names of logs that begin now. */
  abstract readonly host: () => string;
  abstract readonly memory: CheckpointMemory;
}
