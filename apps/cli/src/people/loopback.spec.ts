import { request } from 'node:http';

import { describe, expect, it } from 'vitest';

import { listenForBrowser } from './loopback.js';

/** The path as it is written, without what `fetch` makes of it. */
const ask = (port: number, path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path }, (answer) => resolve(answer.resume().statusCode))
      .once('error', reject)
      .end();
  });

describe('listenForBrowser', () => {
  it('listenForBrowser continues waiting whatever others of the machine ask', async () => {
    const loopback = await listenForBrowser('/callback', 60, (parameters) => parameters.get('state') === 'right');
    for (const path of ['//', '/', '/callback', '/callback?state=wrong']) {
      expect([path, await ask(loopback.port, path)]).toEqual([path, 404]);
    }
    expect(await ask(loopback.port, '/callback?state=right')).toBe(200);
    expect((await loopback.answered).get('state')).toBe('right');
    loopback.close();
  });
});
