export {
  CONFIGURATION,
  ConfigurationError,
  type ForeignVariables,
  type SettingValues,
  foreignVariables,
  readSettings,
  unknownVariables,
} from './configuration.js';
export { PublicUrl } from './public-url.js';
export { redisConnection } from './redis-connection.js';
export {
  baseUrlOf,
  defaultOf,
  flag,
  listOf,
  network,
  oneOf,
  optional,
  setting,
  text,
  urlOf,
  wholeNumber,
} from './setting.js';
export { type Role, metricsProblems, settings } from './settings.js';
