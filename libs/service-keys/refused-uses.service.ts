import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { CountedUses, type RepeatedEvent, RepeatedEvents } from '#audit';
import { Notices } from '#contacts';
import { type EpochMilliseconds, toRfc3339 } from '#core';
import { IsNull, LessThan, MoreThan, type Tx } from '#database';

import { refusedUseNotice } from './credential-notices.js';
import { Credential, Service } from './entities.js';
import { credentialEvents } from './events.js';

/** A credential whose secret was proven and which was rejected nevertheless. */
export interface RefusedUse {
  readonly credential: Pick<Credential, 'id' | 'tenantId' | 'serviceId'>;
  readonly service: Pick<Service, 'name'> | null;
  /** The code of the answer, or `CREDENTIAL_DELETED`. */
  readonly code: string;
  readonly requestId: string;
  readonly sourceAddress: string | null;
  /** The instant of the transaction that records it, unless it was earlier. */
  readonly at?: EpochMilliseconds;
}

/** Of `2026-01-31T...`. */
const DATE_LENGTH = 10;
/** Credentials that this process has told about today. */
const TOLD_MAX = 10_000;

/**
 * Writes down uses of credentials that are discarded, expired, compromised or deleted, or that come from an address that is
 * not allowed. The first use is written before the answer; further ones are counted in memory and written together by
 * `flush`, so that a caller who continues costs no write each time.
 */
@Injectable()
export class RefusedUses implements OnApplicationShutdown {
  readonly #counted = new CountedUses<RefusedUse>((...counted) => this.write(...counted), 'credential');
  /** The day on which this process last told about each credential, so that it is not looked up again for every use. */
  readonly #toldOn = new Map<string, string>();

  constructor(
    private readonly events: RepeatedEvents,
    private readonly notices: Notices,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  /** Never throws: the answer is the refusal of the credential, whatever becomes of its record. */
  async note(use: RefusedUse): Promise<void> {
    await this.#counted.note(`${use.credential.id}:${use.code}`, use);
  }

  /** Writes what was counted since the last time; what cannot be written is kept for the next. */
  async flush(): Promise<void> {
    await this.#counted.flush();
  }

  private async write({ at, ...use }: RefusedUse, uses: number, sourceAddresses: readonly string[]): Promise<void> {
    const { id } = use.credential;
    let toldOn: string | undefined;
    await this.events.record(eventOf(use, sourceAddresses), uses, async (tx) => {
      await tx.increment(Credential, { id }, 'refusedUses', uses);
      // A use in the future was noted while the clock was ahead, by this process or by the one that wrote the row.
      const lastRefusedAt = Math.min(at ?? tx.now, tx.now);
      const earlier = [IsNull(), LessThan(lastRefusedAt), MoreThan(tx.now)];
      await tx.note(
        Credential,
        earlier.map((before) => ({ id, lastRefusedAt: before })),
        { lastRefusedAt },
      );
      toldOn = await this.tell(tx, use);
    });
    if (toldOn === undefined) return;
    if (this.#toldOn.size >= TOLD_MAX) this.#toldOn.clear();
    this.#toldOn.set(id, toldOn);
  }

  /** A step: tells the contacts of the service, at most once a day about a credential. @returns the day */
  private async tell(tx: Tx, { credential, code, sourceAddress }: RefusedUse): Promise<string | undefined> {
    const { id, serviceId, tenantId } = credential;
    const day = toRfc3339(tx.now).slice(0, DATE_LENGTH);
    if (!this.notices.areSent || this.#toldOn.get(id) === day) return undefined;
    // What a workload got in exchange is no row here, and its life of minutes is nothing to tell about.
    const row = await tx.findOne(Credential, { id });
    const service = await tx.findOne(Service, { id: serviceId });
    if (!row || !service) return undefined;
    const notice = refusedUseNotice(row, service, { code, day, sourceAddress });
    await this.notices.tell(tx, { tenantId, contactsOf: [serviceId] }, notice);
    return day;
  }
}

function eventOf(use: RefusedUse, sourceAddresses: readonly string[]): RepeatedEvent {
  const { credential, service, code, requestId, sourceAddress } = use;
  const { id: credentialId, serviceId, tenantId } = credential;
  const actor = { type: 'service', id: serviceId, name: service?.name ?? serviceId, credentialId } as const;
  const details = { serviceId, code };
  return {
    subject: `credential:${credentialId}:${code}`,
    histories: [tenantId],
    origin: { actor, requestId, sourceAddress },
    event: credentialEvents.use_refused(credentialId, { outcome: 'denied', credentialId, details }),
    sourceAddresses,
  };
}
