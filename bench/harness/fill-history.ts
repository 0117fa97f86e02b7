import type { BenchDatabase } from './database.ts';

/** Values that some events of a filled history hold. */
export interface HistoryValues {
  readonly actorId: string;
  readonly targetId: string;
  readonly tokenId: string;
  readonly credentialId: string;
  readonly requestId: string;
}

interface Filling extends HistoryValues {
  readonly tenantId: string;
  readonly count: number;
  /** The instant of the first of them; there is one a second. */
  readonly first: number;
}

const ROWS_PER_STATEMENT = 500;
const BLOCKS_PER_STATEMENT = 100;
const LEAF_HASH = '0'.repeat(64);

/** The numbers from 0. MariaDB ends a recursion after a thousand rows. */
const numbers = (name: string, count: number): string =>
  `${name} (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM ${name} WHERE n < ${count - 1})`;

/**
 * Adds events to the history of a tenant as if the server had recorded them: rare and frequent actions, actors, targets.
 * Their hashes are zeros: they are read, and proved to no client.
 */
export async function fillHistory(database: Pick<BenchDatabase, 'write'>, filling: Filling): Promise<void> {
  const { tenantId, count } = filling;
  const step = ROWS_PER_STATEMENT * BLOCKS_PER_STATEMENT;
  for (let begun = 0; begun < count; begun += step) {
    const [statement, values] = insertion(filling, begun, Math.min(step, count - begun));
    await database.write(statement, values);
  }
  await database.write('UPDATE history_sizes SET size = size + ? WHERE tenantId = ?', [count, tenantId]);
}

function insertion(filling: Filling, begun: number, count: number): [string, (string | number)[]] {
  const { tenantId, actorId, targetId, tokenId, credentialId, requestId, first } = filling;
  const columns: readonly [column: string, expression: string, ...values: (string | number)[]][] = [
    ['id', "concat(?, substr(concat('0000000000000000000000000000', n), -28))", tenantId.slice(-8)],
    ['tenantId', '?', tenantId],
    ['sequence', 'size + n'],
    ['occurredAt', '? + n * 1000', first],
    ['actorType', "'user'"],
    ['actorId', "CASE WHEN n % 50 = 0 THEN ? ELSE concat('actor-', n % 40) END", actorId],
    ['actorName', "CASE WHEN n % 50 = 0 THEN 'person@bench.test' ELSE concat('person-', n % 40, '@bench.test') END"],
    ['sourceAddress', "concat('203.0.113.', n % 200)"],
    [
      'action',
      "CASE WHEN n % 10 < 7 THEN 'token.issued' WHEN n % 10 < 9 THEN 'token.verified' ELSE 'service.changed' END",
    ],
    ['targetType', "CASE WHEN n % 10 < 9 THEN 'token' ELSE 'service' END"],
    ['targetId', "CASE WHEN n % 100 = 0 THEN ? ELSE concat('target-', n % 1000) END", targetId],
    ['outcome', "CASE WHEN n % 1000 = 0 THEN 'denied' ELSE 'success' END"],
    ['requestId', "CASE WHEN n % 5000 = 0 THEN ? ELSE concat('request-', n) END", requestId],
    ['tokenId', "CASE WHEN n % 5000 = 0 THEN ? ELSE concat('token-', n) END", tokenId],
    ['kid', "concat('key-', n % 20)"],
    ['credentialId', "CASE WHEN n % 100 = 0 THEN ? ELSE concat('credential-', n % 30) END", credentialId],
    ['canonical', '?', canonicalOf(filling)],
    ['leafHash', '?', LEAF_HASH],
  ];
  const statement = `INSERT INTO audit_events (${columns.map(([column]) => column).join(', ')})
    WITH RECURSIVE ${numbers('blocks', BLOCKS_PER_STATEMENT)}, ${numbers('ones', ROWS_PER_STATEMENT)},
    numbered AS (SELECT ${begun} + blocks.n * ${ROWS_PER_STATEMENT} + ones.n AS n FROM blocks, ones)
    SELECT ${columns.map(([, expression]) => expression).join(', ')}
    FROM numbered, (SELECT size FROM history_sizes WHERE tenantId = ?) AS history WHERE n < ?`;
  // The number is part of the text: bound, it would be a floating-point number to SQLite, and `key-7` would be `key-7.0`.
  return [statement, [...columns.flatMap(([, , ...values]) => values), tenantId, begun + count]];
}

/** An event as it is shown; all of them show the same. */
const canonicalOf = ({ tenantId, actorId, targetId, requestId }: Filling): string =>
  JSON.stringify({
    id: targetId,
    tenantId,
    occurredAt: '2026-01-01T00:00:00.000Z',
    actor: { type: 'user', id: actorId, name: 'person@bench.test', role: 'owner' },
    action: 'service.changed',
    target: { type: 'service', id: targetId },
    outcome: 'success',
    requestId,
    sourceAddress: '203.0.113.7',
    before: { name: 'a service of some length', profiles: ['one', 'other'] },
    after: { name: 'a service of another length', profiles: ['one', 'other', 'third'] },
    salt: '00112233445566778899aabbccddeeff',
  });
