import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDocument, findIncompleteOperations } from '../../../apps/server/src/http/openapi.js';
import { type TestServer, startTestServer } from '../../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe('the API document', () => {
  it('the API document lacks nothing: summaries, answers, examples, access', async () => {
    expect(findIncompleteOperations(await buildDocument(server.server.app, '0.0.0'))).toEqual([]);
  });
});
