export { tracingSettings } from './settings.js';
export { startTracing } from './start-tracing.js';
export { type Span, beginRequest, inSpan, within } from './tracing.js';
