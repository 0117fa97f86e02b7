export { type DeliveryState, deliveryLifecycle, deliveryStates } from './lifecycle.js';
export { TRIED_FOR, isDue, retryDelay, tooLateFrom } from './retry.js';
