import { Between, type View } from '#database';

import { AuditEvent } from './audit-event.entity.js';
import { HistoryCheckpoint } from './log.entities.js';

/** The log of the installation over the checkpoints of all histories: its id among the logs, and how its name ends. */
export const CHECKPOINT_LOG = 'checkpoints';

/** An entry of a log as it is stored. */
interface LogEntry {
  readonly sequence: number;
  /** The bytes that were hashed. */
  readonly canonical: string;
  readonly leafHash: string;
}

/** The leaf hashes of the entries `[from, to)` of a log, hexadecimal; fewer where some were removed. */
export function leafHashesOf(view: View, logId: string, from: number, to: number): Promise<string[]> {
  const sequence = Between(from, to - 1);
  return logId === CHECKPOINT_LOG
    ? view.texts(HistoryCheckpoint, { sequence }, 'leafHash', 'sequence')
    : view.texts(AuditEvent, { tenantId: logId, sequence }, 'leafHash', 'sequence');
}

/** The entries `[from, to)` of a log; fewer where some were removed. */
export async function entriesOf(view: View, logId: string, from: number, to: number): Promise<LogEntry[]> {
  const sequence = Between(from, to - 1);
  if (logId !== CHECKPOINT_LOG) {
    const columns = ['sequence', 'canonical', 'leafHash'] as const;
    return view.find(AuditEvent, { tenantId: logId, sequence }, { order: { sequence: 'ASC' }, columns });
  }
  const rows = await view.find(HistoryCheckpoint, { sequence }, { order: { sequence: 'ASC' } });
  return rows.map(({ note, ...row }) => ({ ...row, canonical: note }));
}
