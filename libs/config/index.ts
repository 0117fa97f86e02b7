export {
  CONFIGURATION,
  ConfigurationError,
  type SettingTable,
  type SettingValues,
  readSettings,
  unknownVariables,
} from './configuration.js';
export { PublicUrl } from './public-url.js';
export { redisConnection } from './redis-connection.js';
export {
  type Setting,
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
export { type Role, settings } from './settings.js';
