import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** How the way to a server fails. */
export type Fault =
  /** Nothing passes any more, and nothing is refused: a process that was stopped, a network that drops packets. */
  | 'hang'
  /** Connections are refused, and those that are open are reset: a process that has ended. */
  | 'refuse';

/** A way to a TCP server that a test breaks and mends. */
export interface TcpProxy {
  readonly port: number;
  /** How many connections are open. */
  readonly open: () => number;
  break(fault: Fault): Promise<void>;
  /** From a request with this text on its connection hangs, and no other; `undefined` ends that for new requests. */
  hangAt(text: string | undefined): void;
  /** Resets every open connection; new ones work. */
  reset(): void;
  mend(): Promise<void>;
  /** Resets every open connection; new ones go to another server. */
  point(target: Target): void;
  close(): Promise<void>;
}

interface Target {
  readonly host: string;
  readonly port: number;
}

export async function openTcpProxy(first: Target): Promise<TcpProxy> {
  let target = first;
  const pairs = new Map<Socket, Socket>();
  let isHanging = false;
  let hangingText: string | undefined;
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    pairs.set(client, upstream);
    let isLost = false;
    client.on('data', (chunk) => (isLost ||= hangingText !== undefined && chunk.includes(hangingText)));
    const end = (): void => {
      pairs.delete(client);
      client.destroy();
      upstream.destroy();
    };
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (chunk) => isHanging || isLost || to.write(chunk));
      from.once('error', end);
      from.once('close', end);
    }
  });
  const port = await listen(server, 0);
  const reset = (): void => {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    pairs.clear();
  };
  return {
    port,
    open: () => pairs.size,
    break: async (fault) => {
      if (fault === 'hang') {
        isHanging = true;
        return;
      }
      const closed = new Promise((resolve) => server.close(resolve));
      reset();
      await closed;
    },
    hangAt: (text) => (hangingText = text),
    reset,
    mend: async () => {
      // What was swallowed is lost: the connections on which it happened cannot go on.
      if (isHanging) reset();
      isHanging = false;
      if (!server.listening) await listen(server, port);
    },
    point: (next) => {
      target = next;
      reset();
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      reset();
      await closed;
    },
  };
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
