/** What a request carries to prove which service sends it. */
export interface CallerFacts {
  /** The `Authorization` header, whole. */
  readonly authorization?: string | undefined;
  /** The `X-Service-Key` header (or the vendor's `key`). */
  readonly serviceKey?: string | undefined;
  /** The `X-Service-Id` header: which service a workload with a token of its own issuer wants to act as. */
  readonly serviceId?: string | undefined;
  readonly sourceAddress: string | null;
  /** The request that carries it, where that is known. */
  readonly requestId?: string | undefined;
  /** Where a gateway asks: only credentials of its own tenant are known. */
  readonly tenantId?: string | undefined;
}

/** Schemes of people's own credentials (RFC 7617, RFC 7616, RFC 4559) for the API behind a gateway, or for the gateway itself. */
const SCHEME_OF_PEOPLE = /^(?:Basic|Digest|Negotiate|NTLM)(?: |$)/i;

/**
 * What a request shows of a service. Beside a service key, an `Authorization` header whose scheme cannot carry a JWT is
 * none of ours; every other one is checked, however good the key is (rule 8).
 */
export function shownByService<Facts extends CallerFacts>({ authorization, ...facts }: Facts): CallerFacts {
  const isForeign = facts.serviceKey !== undefined && SCHEME_OF_PEOPLE.test(authorization ?? '');
  return isForeign || authorization === undefined ? facts : { ...facts, authorization };
}

/** A bearer token in the `Authorization` header (RFC 6750 §2.1). */
export const BEARER = /^Bearer +(?<token>\S+)$/i;
