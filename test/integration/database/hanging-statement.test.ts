import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ConfigurationCheck, Database } from '#database';

import { AuditEvent } from '../../../libs/audit/audit-event.entity.js';
import { HistorySize } from '../../../libs/audit/log.entities.js';
import { testServerUrl } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { recordEvents } from '../../support/history.js';
import { type TcpProxy, openTcpProxy } from '../../support/tcp-proxy.js';
import { Note, type Sample, noteEvents, openAgain, openSample, sampleEntities, tenantScope } from './sample.js';

// The driver limits the time of a statement, and not that of its preparation. Without a limit of ours these tests do not end.

const configurations: ConfigurationCheck = (view, tenantIds) => view.holdNumbers(Note, tenantIds, 'count');

describe.skipIf(testServerUrl === undefined)('a connection that hangs while a statement is prepared', () => {
  let sample: Sample;
  let proxy: TcpProxy;

  beforeAll(async () => {
    sample = await openSample({ configurations, recorder: recordEvents });
    const { hostname, port } = new URL(sample.url);
    proxy = await openTcpProxy({ host: hostname, port: Number(port) });
  });
  afterAll(async () => {
    await proxy.close();
    await sample.drop();
  });

  /** The way to the database by which the statements of one connection are lost; every connection is new. */
  async function throughProxy(work: (database: Database) => Promise<void>): Promise<void> {
    const url = new URL(sample.url);
    [url.hostname, url.port] = ['127.0.0.1', String(proxy.port)];
    const database = await openAgain(
      { ...sample, url: url.toString() },
      {
        configurations,
        recorder: recordEvents,
        entities: [...sampleEntities, AuditEvent, HistorySize],
        statementTimeoutMilliseconds: 2_000,
      },
    );
    try {
      await work(database);
    } finally {
      proxy.hangAt(undefined);
      await database.close();
    }
  }

  it.each(['history_sizes', 'audit_events'])(
    'a connection that hangs while a statement on %s is prepared fails the group that uses it, and the next group uses another',
    async (table) => {
      const scope = tenantScope();
      await sample.write(scope, { id: scope.tenantId, count: 1 });
      await throughProxy(async (database) => {
        const commit = (target: string): Promise<string> =>
          database.commit(scope, async () => {
            const always = { value: undefined, from: -Infinity, until: Infinity };
            const { basis } = await database.known(scope.tenantId, async () => always);
            return { basis, finish: () => ({ result: target, events: [noteEvents.written(target)] }) };
          });
        proxy.hangAt(`INTO \`${table}\``);
        const lost = await Promise.allSettled(['one', 'two'].map(commit));
        expect(lost.map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([
          withCode('AUDIT_UNAVAILABLE'),
          withCode('AUDIT_UNAVAILABLE'),
        ]);
        proxy.hangAt(undefined);
        expect(await Promise.all(['three', 'four'].map(commit))).toEqual(['three', 'four']);
      });
      const events = await sample.database.read(scope, (view) =>
        view.find(AuditEvent, {}, { order: { sequence: 'ASC' } }),
      );
      // Which of the two is first is not promised.
      const written = events.map(({ targetId }) => targetId).slice(1);
      expect(written.toSorted()).toEqual(['four', 'three']);
    },
  );

  it('a connection that hangs while a statement is prepared fails the transaction that uses it, and the next one uses another', async () => {
    const scope = tenantScope();
    await throughProxy(async (database) => {
      const record = (target: string): Promise<void> =>
        database.transaction(scope, async (tx) => tx.record(noteEvents.written(target)));
      proxy.hangAt('INTO `audit_events`');
      await expect(record('one')).rejects.toThrow(withCode('AUDIT_UNAVAILABLE'));
      proxy.hangAt(undefined);
      await record('two');
    });
    const events = await sample.database.read(scope, (view) => view.find(AuditEvent, {}));
    expect(events.map(({ targetId, sequence }) => [targetId, sequence])).toEqual([['two', 0]]);
  });
});
