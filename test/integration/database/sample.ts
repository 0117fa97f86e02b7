import { Entity } from 'typeorm';

import {
  type ManualClock,
  SECOND,
  type TenantScope,
  defineEvents,
  defineLifecycle,
  platformScope,
  systemOrigin,
} from '#core';
import { uuidv7 } from '#crypto';
import {
  BooleanColumn,
  Database,
  type DatabaseOptions,
  IdColumn,
  InstallationOwned,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  KeyColumn,
  LargeSealedColumn,
  ReferenceColumn,
  StateColumn,
  TenantOwned,
  VarcharColumn,
  VersionColumn,
} from '#database';

import {
  boolean,
  createTable,
  id,
  instant,
  integer,
  key,
  reference,
  sealed,
  text,
  unique,
  varchar,
  version,
} from '../../../libs/database/schema.js';
import { type OpenTestDatabase, openTestDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';

export const noteEvents = defineEvents('note', {
  written: 'A note was written',
  changed: 'A note was changed',
  finished: 'A note was finished',
  deleted: 'A note was deleted',
});

const noteStates = ['open', 'done', 'deleted'] as const;
type NoteState = (typeof noteStates)[number];

interface NoteColumns {
  readonly id: string;
  readonly name: string;
  readonly readAt: number | null;
}

/** A note is deleted by the clock at the second that its count says, where it says one. */
interface NoteTiming {
  readonly count: number;
}

export const noteLifecycle = defineLifecycle({
  noun: 'note',
  states: noteStates,
  initial: ['open'],
  live: ['open'],
  about: ({ id, name }: NoteColumns) => ({ targetId: id, details: { name } }),
  events: {
    finish: {
      from: ['open'],
      to: 'done',
      done: 'finished',
      records: noteEvents.finished,
      sets: (_, at) => ({ readAt: at }),
    },
    delete: {
      from: ['open', 'done'],
      to: 'deleted',
      done: 'deleted',
      records: noteEvents.deleted,
      repeated: 'unchanged',
      dueAt: ({ count }: NoteTiming) => (count === 0 ? null : count * SECOND),
      irreversible: true,
    },
  },
});

/** A row of a tenant with every kind of column. */
@Entity('notes')
@TenantOwned()
export class Note {
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
  @VarcharColumn(100) name: string;
  @StateColumn(noteLifecycle) state: NoteState;
  @IntegerColumn() count: number;
  @BooleanColumn() pinned: boolean;
  @JsonColumn() labels: readonly string[];
  @LargeSealedColumn({ nullable: true }) blob: Buffer | null;
  @InstantColumn() createdAt: number;
  @InstantColumn({ nullable: true }) readAt: number | null;
  @VersionColumn() version: number;
}

@Entity('gauges')
@InstallationOwned()
export class Gauge {
  @KeyColumn(64) name: string;
  @IntegerColumn() reading: number;
}

export const sampleEntities = [Note, Gauge];

export const platform = platformScope(systemOrigin('test'));
export const tenantScope = (tenantId = uuidv7(1)): TenantScope => ({ ...systemOrigin('test'), tenantId });

export const note = (changes: Partial<Note> = {}): Note => ({
  id: uuidv7(1),
  tenantId: '',
  name: 'note',
  state: 'open',
  count: 0,
  pinned: false,
  labels: [],
  blob: null,
  createdAt: 1,
  readAt: null,
  version: 1,
  ...changes,
});

export interface Sample extends OpenTestDatabase {
  readonly clock: ManualClock;
  /** Stores a row for the tenant of the scope and answers it as it was stored. */
  write(scope: TenantScope, changes?: Partial<Note>): Promise<Note>;
}

/** A migrated database that has the tables of the sample beside the product's. */
export async function openSample(options: Parameters<typeof openTestDatabase>[1] = {}): Promise<Sample> {
  const opened = await openTestDatabase(sampleEntities, options);
  await createSampleTables(opened.url);
  return {
    ...opened,
    clock: opened.clock as ManualClock,
    async write(scope, changes) {
      const row = note({ name: uuidv7(1), ...changes, tenantId: scope.tenantId });
      await opened.database.transaction(scope, async (tx) => {
        await tx.insert(Note, row);
        tx.record(noteEvents.written(row.id));
      });
      return row;
    },
  };
}

/** Adds the tables of the sample to a database. */
export async function createSampleTables(url: string): Promise<void> {
  const plain = await openPlainDataSource(url);
  const runner = plain.createQueryRunner();
  await createTable(
    runner,
    'notes',
    [
      id(),
      reference('tenantId'),
      varchar('name', 100),
      varchar('state', 16),
      integer('count'),
      boolean('pinned'),
      text('labels'),
      { ...sealed('blob', { nullable: true }), type: 'mediumblob' },
      instant('createdAt'),
      instant('readAt', { nullable: true }),
      version(),
    ],
    [unique('notes_name', 'tenantId', 'name')],
  );
  await createTable(runner, 'gauges', [key('name', 64), integer('reading')]);
  await runner.release();
  await plain.destroy();
}

/** A second process on the same database, as far as one process can play it. */
export const openAgain = (
  { url, clock }: OpenTestDatabase,
  options: Partial<DatabaseOptions> = {},
): Promise<Database> =>
  Database.open({ url, clock, entities: sampleEntities, recorder: async () => undefined, ...options });
