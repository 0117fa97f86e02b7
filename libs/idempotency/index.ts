import type { EntityClass } from '#database';
import type { SealedColumnSource } from '#vault';
import { IdempotencyRecord } from './entities.js';
import { answers } from './idempotency.service.js';

export const idempotencyEntities: readonly EntityClass[] = [IdempotencyRecord];
export const idempotencySealedColumns: readonly SealedColumnSource[] = [answers];
export { idempotencyErrors } from './errors.js';
export { IdempotencyRecords } from './idempotency.service.js';
