import type { FastifyInstance } from 'fastify';

/**
 * The time between the signal to stop and the end of the listener. The server still accepts and answers requests, but readiness
 * is 503 and every response closes its connection (RFC 9112 §9.6), so that clients and load balancers leave between their
 * requests.
 */
export class Drain {
  #begun = false;

  get begun(): boolean {
    return this.#begun;
  }

  begin(): void {
    this.#begun = true;
  }

  /** Adds `Connection: close` to every response from then on, also to earlier requests. */
  closeConnections(server: FastifyInstance): void {
    server.addHook('onSend', (_request, reply, payload, done) => {
      if (this.#begun) reply.header('Connection', 'close');
      done(null, payload);
    });
  }
}
