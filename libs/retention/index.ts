export { HistoryRetention } from './history-retention.js';
export { RetentionModule } from './retention.module.js';
