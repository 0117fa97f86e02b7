import { Injectable } from '@nestjs/common';

import type { PlatformScope, TenantScope } from '#core';
import { IdempotencyRecords } from '#idempotency';

import { type IdempotencyClaim, IdempotencyStore, type KeptAnswer } from './http/idempotency.interceptor.js';

type Scope = TenantScope | PlatformScope;

/** Keeps the shell's answers in the database, sealed. */
@Injectable()
export class SealedAnswers extends IdempotencyStore {
  constructor(private readonly records: IdempotencyRecords) {
    super();
  }

  override async claim(scope: Scope, key: string, payloadHash: string): Promise<IdempotencyClaim> {
    const { answer } = await this.records.claim(scope, key, payloadHash);
    if (!answer) return { outcome: 'claimed' };
    return { outcome: 'replay', ...(JSON.parse(answer.toString()) as KeptAnswer) };
  }

  override async complete(scope: Scope, key: string, answer: KeptAnswer): Promise<void> {
    await this.records.complete(scope, key, Buffer.from(JSON.stringify(answer)));
  }

  override async release(scope: Scope, key: string): Promise<void> {
    await this.records.release(scope, key);
  }
}
