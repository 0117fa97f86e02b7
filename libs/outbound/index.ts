export { type ConnectionError, connectionErrorOf } from './connection-error.js';
export { type DestinationPolicy, requireDestination } from './destination.js';
export { type Resolve, type SendError, send } from './send.js';
