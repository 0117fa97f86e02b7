import type { EntityClass } from '#database';
import { IdempotencyRecord } from './entities.js';

export const idempotencyEntities: readonly EntityClass[] = [IdempotencyRecord];
export { idempotencyErrors } from './errors.js';
export { IdempotencyRecords } from './idempotency.service.js';
