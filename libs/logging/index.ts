export {
  LOGGER,
  LOG_LEVELS,
  type LogLevel,
  type LoggableError,
  type Logger,
  NestLogger,
  createLogger,
  describeError,
} from './logger.js';
