import { createPublicKey, hash } from 'node:crypto';

import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, instant, key, reference } from '../schema.js';

interface Compromise {
  readonly fingerprint: string;
  readonly reportedBy: string;
  readonly reportedAt: number | string;
}

/** One list of the keys that were reported as compromised, filled with those that are on record already. */
export class CompromisedKeys1763850000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, 'compromised_keys', [
      key('fingerprint', 64),
      reference('reportedBy'),
      instant('reportedAt'),
    ]);
    for (const { fingerprint, reportedBy, reportedAt } of await onRecord(runner)) {
      const known = await select(runner, 'SELECT fingerprint FROM compromised_keys WHERE fingerprint = ?', fingerprint);
      if (known.length > 0) continue;
      await runner.query('INSERT INTO compromised_keys (fingerprint, reportedBy, reportedAt) VALUES (?, ?, ?)', [
        fingerprint,
        reportedBy,
        reportedAt,
      ]);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'compromised_keys');
  }
}

const select = async <Row>(runner: QueryRunner, sql: string, ...parameters: string[]): Promise<Row[]> =>
  (await runner.query(sql, parameters)) as Row[];

async function onRecord(runner: QueryRunner): Promise<Compromise[]> {
  const certified = (table: string): Promise<Compromise[]> =>
    select(
      runner,
      `SELECT publicKeyHash AS fingerprint, tenantId AS reportedBy, COALESCE(revokedAt, updatedAt) AS reportedAt
       FROM ${table} WHERE revocationReason = ?`,
      'keyCompromise',
    );
  const versions = await select<{ publicJwk: string; tenantId: string; compromisedAt: number | string }>(
    runner,
    `SELECT publicJwk, tenantId, COALESCE(compromisedAt, createdAt) AS compromisedAt
     FROM key_versions WHERE state = ? AND publicJwk IS NOT NULL`,
    'compromised',
  );
  return [
    ...(await certified('certificates')),
    ...(await certified('certificate_authorities')),
    ...versions.map(({ publicJwk, tenantId, compromisedAt }) => ({
      fingerprint: fingerprintOf(publicJwk),
      reportedBy: tenantId,
      reportedAt: compromisedAt,
    })),
  ];
}

/** SHA-256 of the SubjectPublicKeyInfo. */
function fingerprintOf(publicJwk: string): string {
  const key = createPublicKey({ key: JSON.parse(publicJwk) as Record<string, string>, format: 'jwk' });
  return hash('sha256', key.export({ type: 'spki', format: 'der' }), 'hex');
}
