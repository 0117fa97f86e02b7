import type { EntityClass } from '#database';
import type { SealedColumnSource } from '#vault';
import { IdempotencyRecord } from './entities.js';
import { answers } from './idempotency.service.js';

export const idempotencyEntities: readonly EntityClass[] = [IdempotencyRecord];
export const idempotencySealedColumns: readonly SealedColumnSource[] = [answers];
export { EndedAnswers } from './ended-answers.js';
export { idempotencyErrors } from './errors.js';
export { LEASE } from './claim-outcome.js';
export { type IdempotencyClaim, IdempotencyRecords } from './idempotency.service.js';
