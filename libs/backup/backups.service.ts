import { Injectable } from '@nestjs/common';

import { Clock, INSTALLATION_ID, type PlatformScope, toRfc3339 } from '#core';
import { Database, type TableRows } from '#database';

import { backupEvents } from './events.js';
import { inNewFolder, writeContent, writeManifest } from './files.js';
import { FORMAT, type Manifest } from './manifest.js';
import { linesOf } from './rows.js';

interface BackupOptions {
  /** Where it is written; it must not exist yet. */
  readonly folder: string;
  /** Recipients of age (`age1...`); none: it is not encrypted. */
  readonly recipients: readonly string[];
  /** Of the product. */
  readonly version: string;
}

/** Writes backups. They hold everything but the master key, so that what is sealed stays sealed. */
@Injectable()
export class Backups {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * All data of one moment, while others continue to write. Where it fails, nothing of it is left.
   * @throws Error where the folder exists or cannot be written; BACKUP_UNREADABLE, AUDIT_UNAVAILABLE
   */
  async make(scope: PlatformScope, options: BackupOptions): Promise<Manifest> {
    return inNewFolder(options.folder, async () => {
      const manifest = await this.write(options);
      const { takenAt, recipients, content } = manifest;
      const { sha256, bytes } = content;
      // A part of it: there is no backup that the history does not know.
      await this.database.platform(scope, async (tx) => {
        tx.record(backupEvents.made(INSTALLATION_ID, { details: { takenAt, sha256, bytes, recipients } }));
      });
      return manifest;
    });
  }

  private async write({ folder, recipients, version }: BackupOptions): Promise<Manifest> {
    const takenAt = toRfc3339(this.clock.now());
    const manifest = await this.database.snapshot(async ({ schema, tables }): Promise<Manifest> => {
      const seen = new Seen(tables);
      const content = await writeContent(folder, linesOf(seen.tables()), recipients);
      const { rows, checkpoint } = seen;
      return { format: FORMAT, version, takenAt, schema, tables: rows, content, recipients, checkpoint };
    });
    await writeManifest(folder, manifest);
    return manifest;
  }
}

/** What is noticed of the rows that pass. */
class Seen {
  readonly rows: Record<string, number> = {};
  checkpoint: string | null = null;

  constructor(private readonly source: AsyncIterable<TableRows>) {}

  async *tables(): AsyncGenerator<TableRows> {
    for await (const batch of this.source) {
      const { table, columns, rows } = batch;
      this.rows[table] = (this.rows[table] ?? 0) + rows.length;
      if (table === 'history_heads') {
        const own = rows.find((row) => row[columns.indexOf('id')] === INSTALLATION_ID);
        if (own) this.checkpoint = String(own[columns.indexOf('note')]);
      }
      yield batch;
    }
  }
}
