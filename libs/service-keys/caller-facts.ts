/** What a request carries to prove which service sends it. */
export interface CallerFacts {
  /** The `Authorization` header, whole. */
  readonly authorization?: string | undefined;
  /** The `X-Service-Key` header (or the vendor's `key`). */
  readonly serviceKey?: string | undefined;
  readonly sourceAddress: string | null;
  /** The request that carries it, where that is known. */
  readonly requestId?: string | undefined;
  /** Where a gateway asks: only credentials of its own tenant are known. */
  readonly tenantId?: string | undefined;
}

/** A bearer token in the `Authorization` header (RFC 6750 §2.1). */
export const BEARER = /^Bearer +(?<token>\S+)$/i;
