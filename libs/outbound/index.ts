export { type DestinationPolicy, requireDestination } from './destination.js';
export { type SendError, send } from './send.js';
