export {
  CONFIGURATION,
  type Configuration,
  ConfigurationError,
  configurationMarkdown,
  loadConfiguration,
} from './configuration.js';
export { databaseTlsWarning, readDatabaseTls } from './database-tls.js';
export { PublicUrl } from './public-url.js';
export { redisConnection } from './redis-connection.js';
export { defaultOf } from './setting.js';
export { type Role, settings } from './settings.js';
