import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';

import { historyEvents } from './events.js';
import { RepeatedEvents } from './repeated-events.service.js';

/** Records that an auditor reads a history. */
@Injectable()
export class HistoryReads {
  constructor(private readonly repeated: RepeatedEvents) {}

  /** Records the first read, then the number of reads once a minute. Only reads by auditors are recorded. */
  async record({ tenantId, actor, requestId, sourceAddress }: TenantScope): Promise<void> {
    if (actor.role !== 'auditor') return;
    await this.repeated.record({
      subject: `history-read:${tenantId}:${actor.id}`,
      histories: [tenantId],
      origin: { actor, requestId, sourceAddress },
      event: historyEvents.read(tenantId),
      sourceAddresses: sourceAddress === null ? [] : [sourceAddress],
    });
  }
}
