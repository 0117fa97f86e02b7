import { type Clock, type EpochMilliseconds, fromRfc3339 } from '#core';
import { uuidv7 } from '#crypto';
import { type Cell, type FillTarget, type TableRows, TargetRefused, fillDatabase } from '#database';

import type { Restoration } from './entities.js';
import { backupErrors } from './errors.js';
import { contentLines, readManifest, verifyContent } from './files.js';
import { type LeftOut, withoutMonths } from './left-out.js';
import type { Manifest } from './manifest.js';
import { rowsIn } from './rows.js';

interface RestoreOptions {
  readonly folder: string;
  /** `AGE-SECRET-KEY-1...`, for a backup that is encrypted. */
  readonly identity: string | undefined;
  /** Keys of months that were erased after the backup: they do not reach the database. */
  readonly leftOut: readonly LeftOut[];
  /** The empty database. */
  readonly target: FillTarget;
}

/**
 * Writes a backup into an empty database of any supported kind, in one transaction together with the note that it was
 * restored: the process that opens it first finds the note and lets every library do what follows.
 * @throws BACKUP_UNREADABLE, BACKUP_DAMAGED, TARGET_NOT_EMPTY
 */
export async function restore({ folder, identity, leftOut, target }: RestoreOptions, clock: Clock): Promise<Manifest> {
  const manifest = await readManifest(folder);
  await verifyContent(folder, manifest.content);
  const lines = contentLines(folder, manifest, identity);
  // By a clock that was set back it would be earlier than what the backup has.
  const restoredAt = Math.max(clock.now(), fromRfc3339(manifest.takenAt) ?? 0);
  const rows = withoutMonths(complete(rowsIn(lines), manifest), leftOut, restoredAt);
  const tables = withRestoration(rows, manifest, restoredAt);
  try {
    await fillDatabase(target, manifest.schema, tables);
  } catch (error) {
    if (error instanceof TargetRefused) throw backupErrors.TARGET_NOT_EMPTY({ detail: error.message, cause: error });
    throw error;
  }
  return manifest;
}

/** The same rows; an error where a table has not as many as the manifest says. */
async function* complete(tables: AsyncIterable<TableRows>, manifest: Manifest): AsyncGenerator<TableRows> {
  const found: Record<string, number> = {};
  for await (const batch of tables) {
    found[batch.table] = (found[batch.table] ?? 0) + batch.rows.length;
    yield batch;
  }
  for (const [table, rows] of Object.entries(manifest.tables)) {
    if ((found[table] ?? 0) !== rows)
      throw backupErrors.BACKUP_DAMAGED(`${table} has ${found[table] ?? 0} rows instead of ${rows}`);
  }
}

async function* withRestoration(
  tables: AsyncIterable<TableRows>,
  { takenAt, content }: Manifest,
  restoredAt: EpochMilliseconds,
): AsyncGenerator<TableRows> {
  yield* tables;
  const row = {
    id: uuidv7(restoredAt),
    takenAt: fromRfc3339(takenAt)!,
    restoredAt,
    backupSha256: content.sha256,
    completedAt: null,
  } satisfies Restoration & Record<string, Cell>;
  yield { table: 'restorations', columns: Object.keys(row), rows: [Object.values(row)] };
}
