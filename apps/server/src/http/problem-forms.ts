import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DomainError } from '#core';

/** How a protocol has its refusals: in its own words, and with what its answers always carry. */
export interface ProblemForm {
  /** The refusal as the protocol has it; it may set header fields of an answer that was not sent. Never throws. */
  formOf(request: FastifyRequest, reply: FastifyReply, error: DomainError): Promise<DomainError>;
}

/**
 * Protocols that are served under a path of their own: whatever is refused there, by a route, by a guard or before there
 * is a route, is answered in their form.
 */
export class ProblemForms {
  readonly #forms = new Map<string, ProblemForm>();

  /** @param under the path with a slash at its end */
  declare(under: string, form: ProblemForm): void {
    this.#forms.set(under, form);
  }

  /** A refusal as the protocol under the path of the request has it; as it is everywhere else. */
  async formOf(request: FastifyRequest, reply: FastifyReply, error: DomainError): Promise<DomainError> {
    for (const [under, form] of this.#forms) {
      if (request.url.startsWith(under)) return form.formOf(request, reply, error);
    }
    return error;
  }
}
