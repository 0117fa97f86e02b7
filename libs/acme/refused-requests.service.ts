import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { CountedUses, RepeatedEvents } from '#audit';
import { type Actor, DomainError, type Origin, type TenantScope, coreErrors } from '#core';
import { Database } from '#database';
import { callerErrors } from '#service-keys';
import { tenantErrors } from '#tenants';

import { type AcmeAccount, AcmeBinding } from './entities.js';
import { acmeErrors } from './errors.js';
import { acmeAccountEvents, acmeBindingEvents } from './events.js';

/** What says that a client asked for what it may not have; an order of another account is `NOT_FOUND`. */
const RECORDED = new Set(
  [
    acmeErrors.ACME_UNAUTHORIZED,
    acmeErrors.ACME_ACCOUNT_ENDED,
    acmeErrors.ACME_REJECTED_IDENTIFIER,
    callerErrors.IP_NOT_ALLOWED,
    coreErrors.NOT_FOUND,
    tenantErrors.TENANT_SUSPENDED,
  ].map(({ code }) => code),
);

const EVENTS = { account: acmeAccountEvents.use_refused, binding: acmeBindingEvents.use_refused };

/** An account or a binding that was used and refused. */
interface RefusedUse {
  readonly noun: keyof typeof EVENTS;
  readonly id: string;
  readonly tenantId: string;
  readonly serviceId: string;
  readonly actor: Actor;
  /** The code of the answer. */
  readonly code: string;
  readonly requestId: string;
  readonly sourceAddress: string | null;
}

/**
 * Writes down requests of ACME clients that are refused: the first before the answer, further ones with the same code
 * counted, as for every other credential of a service. What no account signed, or what names no binding of the authority,
 * is in no history: any stranger could write it.
 */
@Injectable()
export class RefusedAcmeRequests implements OnApplicationShutdown {
  readonly #counted = new CountedUses<RefusedUse>((...counted) => this.write(...counted), 'ACME account');

  constructor(
    private readonly database: Database,
    private readonly events: RepeatedEvents,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  /**
   * A request that the account signed. Never throws: the answer is the refusal, whatever becomes of its record.
   * @param scope of the request, with the service as its actor where that is known
   */
  async noteAccount(
    { account, scope }: { readonly account: AcmeAccount; readonly scope: Origin },
    error: unknown,
  ): Promise<void> {
    if (!isRecorded(error)) return;
    const { id, tenantId, serviceId } = account;
    const { actor, requestId, sourceAddress } = scope;
    await this.note({ noun: 'account', id, tenantId, serviceId, actor, code: error.code, requestId, sourceAddress });
  }

  /** A new account by a binding that is not accepted. Never throws. @param id of the binding that was sent */
  async noteBinding(
    { scope, caId }: { readonly scope: TenantScope; readonly caId: string },
    id: string,
    error: unknown,
  ): Promise<void> {
    if (!isRecorded(error)) return;
    const binding = await this.database
      .read(scope, (view) => view.findOne(AcmeBinding, { id, caId }))
      .catch(() => null);
    if (!binding) return;
    const { tenantId, serviceId } = binding;
    // Nothing was proven: the service is what it is about, not who did it.
    const { actor, requestId, sourceAddress } = scope;
    await this.note({ noun: 'binding', id, tenantId, serviceId, actor, code: error.code, requestId, sourceAddress });
  }

  /** Writes what was counted since the last time; what cannot be written is kept for the next. */
  async flush(): Promise<void> {
    await this.#counted.flush();
  }

  private async note(use: RefusedUse): Promise<void> {
    await this.#counted.note(`${use.id}:${use.code}`, use);
  }

  private async write(use: RefusedUse, uses: number, sourceAddresses: readonly string[]): Promise<void> {
    const { noun, id, tenantId, serviceId, actor, code, requestId, sourceAddress } = use;
    const event = {
      subject: `acme-${noun}:${id}:${code}`,
      histories: [tenantId],
      origin: { actor, requestId, sourceAddress },
      event: EVENTS[noun](id, { outcome: 'denied', details: { serviceId, code } }),
      sourceAddresses,
    };
    await this.events.record(event, uses);
  }
}

const isRecorded = (error: unknown): error is DomainError => error instanceof DomainError && RECORDED.has(error.code);
