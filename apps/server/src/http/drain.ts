import type { FastifyInstance } from 'fastify';

/**
 * The time between the order to stop and the end of the listener. The server still accepts connections and answers, but
 * readiness is 503 and every answer closes its connection (RFC 9112 §9.6): clients and load balancers leave one by one,
 * each at a moment when nothing of theirs is under way.
 */
export class Drain {
  #begun = false;

  get begun(): boolean {
    return this.#begun;
  }

  begin(): void {
    this.#begun = true;
  }

  /** Adds `Connection: close` to every answer that is sent from then on, to requests of before as well. */
  closeConnections(server: FastifyInstance): void {
    server.addHook('onSend', (_request, reply, payload, done) => {
      if (this.#begun) reply.header('Connection', 'close');
      done(null, payload);
    });
  }
}
