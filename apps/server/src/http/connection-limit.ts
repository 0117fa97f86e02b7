import type { Server } from 'node:http';
import { BlockList, type Socket, isIPv4 } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { MINUTE, coreErrors } from '#core';
import { networkOf, parseSourceAddress } from '#tenants';
import type { Logger } from '#logging';
import { problemHeaders, toProblem } from './problem.js';
import { requestIdOf } from './request-id.js';

interface ConnectionLimits {
  /** Maximum number of open connections of the process. */
  readonly total: number;
  /** Maximum number of open connections of one source address; of IPv6, of one /64. */
  readonly perAddress: number;
  /** Networks (CIDR) without a limit for each address: a proxy carries the connections of many clients. */
  readonly exempt: readonly string[];
}

/** Counts the open connections of each source network. */
export class ConnectionCounts {
  readonly #open = new Map<string, number>();
  readonly #exempt = new BlockList();

  constructor(private readonly limits: Pick<ConnectionLimits, 'perAddress' | 'exempt'>) {
    for (const network of limits.exempt) {
      const [address = '', prefix] = network.split('/');
      const family = isIPv4(address) ? 'ipv4' : 'ipv6';
      if (prefix === undefined) this.#exempt.addAddress(address, family);
      else this.#exempt.addSubnet(address, Number(prefix), family);
    }
  }

  /**
   * Counts a connection, if there is room for it.
   * @param remoteAddress as the socket gives it
   * @returns a function to call when it is closed; `undefined` if the address has reached its limit
   */
  admit(remoteAddress: string | undefined): (() => void) | undefined {
    const address = parseSourceAddress(remoteAddress);
    // A closed connection has no address, and need not be counted.
    if (address === undefined || this.#isExempt(address)) return () => undefined;
    const network = networkOf(address)!;
    const open = this.#open.get(network) ?? 0;
    if (open >= this.limits.perAddress) return undefined;
    this.#open.set(network, open + 1);
    return () => this.#release(network);
  }

  /** Number of networks with open connections. */
  get size(): number {
    return this.#open.size;
  }

  #release(network: string): void {
    const open = this.#open.get(network)! - 1;
    if (open === 0) this.#open.delete(network);
    else this.#open.set(network, open);
  }

  #isExempt(address: string): boolean {
    return this.#exempt.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }
}

/**
 * Closes connections beyond the limits before reading from them. A source that keeps connections open, by sending slowly or
 * not at all, cannot use up the connections of others.
 */
export function limitConnections(server: Server, limits: ConnectionLimits, logger: Logger): void {
  const counts = new ConnectionCounts(limits);
  const report = onceAMinute((remoteAddress: string | undefined, reason: string) =>
    logger.warn({ sourceAddress: parseSourceAddress(remoteAddress) ?? null, reason }, 'A connection was rejected'),
  );
  server.maxConnections = limits.total;
  server.on('drop', (data) => report(data?.remoteAddress, 'too many connections'));
  // Runs before the listener of the HTTP server, which starts to read.
  server.prependListener('connection', (socket: Socket) => {
    const release = counts.admit(socket.remoteAddress);
    if (release) {
      socket.once('close', release);
      return;
    }
    report(socket.remoteAddress, 'too many connections from one address');
    // The response fits into the socket's buffer; the request is never read.
    socket.write(rejection());
    socket.destroy();
  });
}

function rejection(): string {
  const requestId = requestIdOf({ headers: {} });
  const error = coreErrors.RATE_LIMITED({
    detail: 'Too many open connections from this address',
    retryAfterSeconds: 1,
  });
  const problem = toProblem(error, { instance: '', requestId });
  const body = JSON.stringify(problem);
  const head = Object.entries({
    ...problemHeaders(error),
    'Content-Length': Buffer.byteLength(body),
    'X-Request-Id': requestId,
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${head.join('\r\n')}\r\n\r\n${body}`;
}

/** A flood must not fill the log. */
function onceAMinute<Parameters extends unknown[]>(report: (...parameters: Parameters) => void) {
  let quiet = false;
  return (...parameters: Parameters): void => {
    if (quiet) return;
    quiet = true;
    setTimeout(() => (quiet = false), MINUTE).unref();
    report(...parameters);
  };
}
