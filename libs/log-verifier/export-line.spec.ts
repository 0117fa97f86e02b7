import { describe, expect, it } from 'vitest';

import { parseExportLine } from './export-line.js';

const leafHash = 'a'.repeat(64);

describe('parseExportLine', () => {
  it.each([
    ['without personal fields', undefined],
    ['with personal fields', '{"salt":"AA","values":{"actor":{"name":"},\\"event\\":{"}}}'],
  ])('parseExportLine reads an event %s', (_, personal) => {
    const part = personal === undefined ? '' : `"personal":${personal},`;
    const line = `{"sequence":4,"leafHash":"${leafHash}",${part}"event":{"details":{"event":{}}}}`;
    expect(parseExportLine(line)).toEqual({ sequence: 4, leafHash, personal, event: '{"details":{"event":{}}}' });
  });

  it.each(['', '{"event":4}', `{"sequence":-1,"leafHash":"${leafHash}","event":{}}`, '{"sequence":4,"event":{}}'])(
    'parseExportLine finds no event in %j',
    (text) => {
      expect(parseExportLine(text)).toBeUndefined();
    },
  );
});
