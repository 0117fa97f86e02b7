import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { DomainError, SECOND, coreErrors } from '#core';
import { LOGGER, type Logger, describeError } from '#logging';
import { Metrics } from '#metrics';

import { problemHeaders, toProblem } from '../http/problem.js';
import { REQUEST_ID_HEADER, requestIdOf } from '../http/request-id.js';
import { MetricsAccess } from './metrics-access.js';

/** Few clients scrape metrics; a flood of connections must not use up the file descriptors of the process. */
const CONNECTIONS_MAX = 32;
const REQUEST_TIMEOUT_MILLISECONDS = 5 * SECOND;

/** `GET /metrics` on a separate port, which can be in a network that API clients cannot reach. */
@Injectable()
export class MetricsListener implements OnApplicationShutdown {
  #server: Server | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly access: MetricsAccess,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The port that it listens on; `undefined` if it does not listen. */
  get port(): number | undefined {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port;
  }

  /** Starts to listen if a port is configured. @throws Error if that port is in use */
  async listen(host: string): Promise<void> {
    const { port } = this.access;
    if (port === undefined) return;
    const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MILLISECONDS }, (request, response) => {
      void this.answer(request, response);
    });
    server.maxConnections = CONNECTIONS_MAX;
    // Each worker has its own port: a shared port would show a different worker at each scrape.
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    this.#server = server;
    this.logger.info({ host, port: this.port }, 'Metrics are served');
  }

  async onApplicationShutdown(): Promise<void> {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = requestIdOf(request);
    const path = (request.url ?? '').split('?', 1)[0]!;
    response.setHeader(REQUEST_ID_HEADER, requestId).setHeader('Cache-Control', 'no-store');
    try {
      if (path !== '/metrics') throw coreErrors.NOT_FOUND();
      if (request.method !== 'GET') throw coreErrors.METHOD_NOT_ALLOWED();
      this.access.require(request.headers.authorization);
      response.setHeader('Content-Type', this.metrics.contentType).end(await this.metrics.exposition());
    } catch (thrown) {
      if (!(thrown instanceof DomainError))
        this.logger.error({ requestId, error: describeError(thrown) }, 'A scrape failed');
      const error = thrown instanceof DomainError ? thrown : coreErrors.INTERNAL_ERROR();
      const problem = toProblem(error, { instance: path, requestId });
      response.writeHead(problem.status, problemHeaders(error)).end(JSON.stringify(problem));
    }
  }
}
