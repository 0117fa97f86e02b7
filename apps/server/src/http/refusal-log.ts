import type { DomainError, ErrorKind, PlatformScope, TenantScope } from '#core';
import type { Principal } from './principal.js';

/** A request that an identified caller was refused, as far as the shell knows it. */
export interface RefusedRequest {
  readonly principal: Principal;
  /** Absent where the refusal is that there is no right to work there. */
  readonly scope?: TenantScope | PlatformScope;
  /** Id or slug, as the path named it. */
  readonly tenant?: string;
  /** The most specific thing that the path named, or the tenant, or nothing. */
  readonly target: string;
  /** The credential that the path named, if it named one. */
  readonly credentialId?: string;
  /** The key version or certificate that the path named, if it named one. */
  readonly kid?: string;
  readonly method: string;
  /** The pattern of the route, `/v1/tenants/:tenantId/keys`. */
  readonly route: string;
  readonly requestId: string;
  readonly sourceAddress: string;
}

/** Where refusals are recorded; the audit history implements it. */
export abstract class RefusalLog {
  abstract record(request: RefusedRequest, error: DomainError): Promise<void>;
}

/** Refusals by a rule. What is merely malformed, too large or our own fault is no event of the tenant's history. */
const RECORDED_KINDS: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'unauthenticated',
  'forbidden',
  'not-found',
  'conflict',
  'gone',
  'precondition-failed',
  'unprocessable',
  'rate-limited',
]);

export const isRecorded = (kind: ErrorKind): boolean => RECORDED_KINDS.has(kind);
