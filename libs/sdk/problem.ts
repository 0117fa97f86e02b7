import type { components } from './openapi.js';

/** A refusal as the server words it (RFC 9457). `code` is stable; `title` and `detail` are for people. */
export type Problem = components['schemas']['Problem'];

/** A refusal, or an answer that is none of the server's. */
export class ChanceryError extends Error {
  override readonly name = 'ChanceryError';
  /** HTTP status. */
  readonly status: number;
  /** Stable code of the refusal, for programs; `NOT_CHANCERY` where something else answered. */
  readonly code: string;
  readonly problem: Problem | undefined;

  constructor(status: number, body: unknown) {
    const problem = isProblem(body) ? body : undefined;
    super(problem?.detail ?? `The answer had status ${status} and no problem document (RFC 9457)`);
    this.status = status;
    this.code = problem?.code ?? 'NOT_CHANCERY';
    this.problem = problem;
  }
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';

/** What a call of the client resolves to, as far as `dataOf` reads it. */
interface Answered<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * The body of a successful answer.
 *
 * @param answered what a method of the client gives: `await dataOf(client.GET(...))`
 * @throws ChanceryError where the server refused
 */
export async function dataOf<Data>(answered: Promise<Answered<Data>>): Promise<Data> {
  const { data, error, response } = await answered;
  if (!response.ok) throw new ChanceryError(response.status, error);
  return data as Data;
}
