import { afterAll, beforeAll, describe } from 'vitest';

import { systemClock } from '#core';

import { type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { type ServerOfSdk, worksWithTheSdk } from './compatibility.js';
import { serverOfSdk } from './compatible-tenant.js';

// The same tests run against the release before: test/faults/previous-release.test.ts.

let server: TestServer;
let given: ServerOfSdk;
beforeAll(async () => {
  server = await startTestServer({ clock: systemClock });
  given = await serverOfSdk(server, await createTenant(server));
});
afterAll(() => server.close());

describe('the SDK and a server of this release', () => {
  worksWithTheSdk('a server of this release', () => given);
});
