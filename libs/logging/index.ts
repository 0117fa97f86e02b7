export { LOGGER, LOG_LEVELS, type LogLevel, type Logger, NestLogger, createLogger, describeError } from './logger.js';
