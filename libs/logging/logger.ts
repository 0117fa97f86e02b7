import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, destination, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/** The token of the process's logger. */
export const LOGGER = Symbol('logger');

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Members that are blanked wherever they appear. Nothing here logs them; this is what catches a mistake. */
const SECRET_MEMBERS = [
  'authorization',
  'password',
  'currentPassword',
  'newPassword',
  'passphrase',
  'secret',
  'serviceKey',
  'token',
  'accessToken',
  'parameters',
];

/** Texts that look like a service key, a secret of a webhook or a JWS, wherever in a line. */
const SECRET_SHAPES = /\bcsk_[0-9A-Za-z]{8,}|\bwhsec_[0-9A-Za-z+/=]{8,}|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;

const blankSecretShapes = (target: { write(line: string): unknown }): DestinationStream => ({
  write: (line) => void target.write(line.replace(SECRET_SHAPES, '[secret]')),
});

/** JSON lines with the time in RFC 3339, to standard output by default. */
export const createLogger = (level: LogLevel, target: { write(line: string): unknown } = destination(1)): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_MEMBERS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    },
    blankSecretShapes(target),
  );

/** What may be told of an error in a log. */
interface LoggableError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** Where it happened, without the message that a stack repeats. */
  readonly frames: readonly string[];
  readonly cause?: LoggableError;
}

const MAX_CAUSES = 4;
const MAX_FRAMES = 20;

/**
 * Describes an error without the values that it carries. Errors of a database driver keep the statement, its bind
 * parameters and, quoted in the message, the values of a row: only the code and the shape of the sentence are kept.
 */
export function describeError(thrown: unknown, depth = 0): LoggableError {
  if (!(thrown instanceof Error)) return { name: typeof thrown, message: 'not an error object', frames: [] };
  const { driverError, code, cause } = thrown as Error & { driverError?: unknown; code?: unknown };
  const fromDatabase = driverError !== undefined || 'sql' in thrown;
  const driverCode = (driverError as { code?: unknown } | undefined)?.code ?? code;
  return {
    name: thrown.name,
    message: fromDatabase ? blankQuoted(thrown.message) : thrown.message,
    ...(typeof driverCode === 'string' ? { code: driverCode } : {}),
    frames: framesOf(thrown),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describeError(cause, depth + 1) }),
  };
}

const blankQuoted = (message: string): string => message.replaceAll(/'[^']*'|"[^"]*"/g, '?');

const framesOf = (error: Error): string[] =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim());

/** Lets Nest and everything that uses its `Logger` write through pino. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  /** Start messages of the framework are logged at the level debug. */
  log(message: unknown, ...more: unknown[]): void {
    this.write('debug', message, more);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.write('error', message, more);
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.write('warn', message, more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.write('debug', message, more);
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.write('trace', message, more);
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.write('fatal', message, more);
  }

  /** Nest passes the context last; errors may be at any position. */
  private write(level: Exclude<LogLevel, 'silent'>, message: unknown, more: readonly unknown[]): void {
    const error = [message, ...more].find((part) => part instanceof Error);
    const context = more.findLast((part) => typeof part === 'string');
    this.logger[level](
      {
        ...(context === undefined ? {} : { context }),
        ...(error === undefined ? {} : { error: describeError(error) }),
      },
      typeof message === 'string' ? message : 'An error was reported',
    );
  }
}
