import { AsyncLocalStorage } from 'node:async_hooks';

/** What is measured of a piece of work; never a secret, a body or a name that a caller gave. */
export type Attributes = Readonly<Record<string, string | number>>;

/** One piece of work of a trace. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** @param code of the error; its message can name what a caller sent */
  end(result: { readonly name?: string; readonly attributes?: Attributes; readonly errorCode?: string }): void;
}

/** What makes spans and sends them; loaded only where it is configured. */
export interface Tracer {
  /** @param parent the span that it is part of, or the header `traceparent` of a request */
  begin(name: string, kind: 'server' | 'internal', parent: Span | string | undefined): Span;
  /** Sends what has not been sent. */
  close(): Promise<void>;
}

let tracer: Tracer | undefined;
const current = new AsyncLocalStorage<Span>();

/** From now on spans are made, by this tracer; by none where it is `undefined`. One for a process, as OpenTelemetry has it. */
export function traceWith(next: Tracer | undefined): void {
  tracer = next;
}

/** Runs a piece of work as a span of the trace that it is part of. Costs nothing where nothing is traced. */
export function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (tracer === undefined) return work();
  const span = tracer.begin(name, 'internal', current.getStore());
  return current.run(span, work).then(
    (result) => {
      span.end({});
      return result;
    },
    (error: unknown) => {
      span.end({ errorCode: codeOf(error) });
      throw error;
    },
  );
}

/** The span of a request that came in; `undefined` where nothing is traced. @param traceparent W3C Trace Context §3.2 */
export const beginRequest = (traceparent: string | undefined): Span | undefined =>
  tracer?.begin('request', 'server', traceparent);

/** What runs in the callback, and all that follows from it, is part of the span. */
export function within(span: Span, callback: () => void): void {
  current.run(span, callback);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'INTERNAL_ERROR';
}
