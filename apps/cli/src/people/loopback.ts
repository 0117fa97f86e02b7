import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Refusal } from '../terminal.js';

/** What a page in the browser of the person sends back to a port of this machine. */
interface Loopback {
  /** `http://127.0.0.1:<port><path>` */
  readonly url: string;
  readonly port: number;
  /** The parameters of the first request that is meant. @throws Refusal where none comes in time */
  readonly answered: Promise<URLSearchParams>;
  close(): void;
}

/**
 * Waits on the loopback interface for the browser (RFC 8252 §7.3).
 * @param isMeant whether a request to the path is the one that is waited for: others of this machine reach the port, too
 */
export async function listenForBrowser(
  path: string,
  waitSeconds: number,
  isMeant: (parameters: URLSearchParams) => boolean,
): Promise<Loopback> {
  const { promise: answered, resolve, reject } = Promise.withResolvers<URLSearchParams>();
  // Nothing waits for it where the sign-in cannot begin.
  answered.catch(() => undefined);
  const server: Server = createServer((request: IncomingMessage, response: ServerResponse) => {
    // Not every path is one of a URL: `//` is none.
    const url = URL.parse(request.url ?? '/', 'http://127.0.0.1');
    const { searchParams } = url ?? {};
    if (url?.pathname !== path || !searchParams || !isMeant(searchParams)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
    response.end('Signed in. You can close this page and return to the terminal.\n', () => resolve(searchParams));
  });
  const timer = setTimeout(() => reject(new Refusal('No answer came from the browser')), waitSeconds * 1_000);
  server.once('close', () => clearTimeout(timer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    port,
    answered,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
