export {
  CONFIGURATION,
  type Configuration,
  ConfigurationError,
  type LoadedConfiguration,
  configurationMarkdown,
  loadConfiguration,
} from './configuration.js';
export { databaseTlsMode, databaseTlsWarning, readDatabaseTls } from './database-tls.js';
export { PublicUrl } from './public-url.js';
export { redisConnection } from './redis-connection.js';
export { defaultOf } from './setting.js';
export { ROLES, type Role, settings } from './settings.js';
