export { idempotencyErrors } from './errors.js';
export { LEASE } from './claim-outcome.js';
export { type IdempotencyClaim, IdempotencyRecords } from './idempotency.service.js';
export { IdempotencyModule, idempotencyEntities } from './idempotency.module.js';
