import { describe, expect, it } from 'vitest';

import { parseManifest } from './manifest.js';

const GOOD = {
  format: 'chancery-backup-1',
  version: '0.1.0',
  takenAt: '2026-01-31T00:00:00.000Z',
  schema: 'FirstSchema1763760000000',
  tables: { users: 1 },
  content: { file: 'rows.ndjson.gz', bytes: 10, sha256: 'a'.repeat(64) },
  recipients: [],
  checkpoint: null,
};

describe('parseManifest', () => {
  it('parseManifest accepts what a backup writes', () => {
    expect(parseManifest(JSON.stringify(GOOD))).toEqual(GOOD);
  });

  it.each<[string, unknown]>([
    ['no JSON', '{'],
    ['null', null],
    ['another format', { ...GOOD, format: 'chancery-backup-2' }],
    ['no instant', { ...GOOD, takenAt: 'yesterday' }],
    ['a file elsewhere', { ...GOOD, content: { ...GOOD.content, file: '../master.key' } }],
    ['no hash', { ...GOOD, content: { ...GOOD.content, sha256: 'a' } }],
    ['no schema', { ...GOOD, schema: undefined }],
  ])('parseManifest rejects %s', (_, value) => {
    expect(parseManifest(typeof value === 'string' ? value : JSON.stringify(value))).toBeTypeOf('string');
  });
});
