import { describe, expect, it } from 'vitest';
import { NestLogger, createLogger, describeError } from './logger.js';

const SECRET = 'csk_0123456789abcdef';

function capture() {
  const lines: string[] = [];
  return { lines, logger: createLogger('info', { write: (line) => lines.push(line) }) };
}

describe('createLogger', () => {
  it('the log blanks members that hold secrets and texts that look like one', () => {
    const { lines, logger } = capture();
    logger.info({ password: 'p-1', body: { secret: 'p-2' }, deep: { body: { token: 'p-3' } } }, `with ${SECRET}`);
    logger.info({ note: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln' });
    expect(lines.join('')).not.toMatch(/p-\d|csk_|eyJ/);
    expect(lines[0]).toContain('"level":"info"');
  });
});

describe('describeError', () => {
  it('describeError keeps the code and the place of a database error, not its values', () => {
    const failed = Object.assign(new Error(`Duplicate entry '${SECRET}' for key "${SECRET}"`), {
      name: 'QueryFailedError',
      driverError: { code: 'ER_DUP_ENTRY' },
      query: 'INSERT',
      parameters: [SECRET],
    });
    const described = describeError(new Error('while saving', { cause: failed }));
    expect(described).toMatchObject({
      message: 'while saving',
      cause: { name: 'QueryFailedError', code: 'ER_DUP_ENTRY', message: 'Duplicate entry ? for key ?' },
    });
    expect(described.frames[0]).toContain('logger.spec');
    expect(JSON.stringify(described)).not.toContain(SECRET);
  });

  it('describeError accepts circular causes and values that are no errors', () => {
    const error = new Error('a');
    error.cause = error;
    expect(JSON.stringify(describeError(error))).toContain('"a"');
    expect(describeError(SECRET)).toEqual({ name: 'string', message: 'not an error object', frames: [] });
  });
});

describe('NestLogger', () => {
  it('NestLogger writes the text, the speaker and the error', () => {
    const { lines, logger } = capture();
    new NestLogger(logger).error('It failed', new Error('why'), 'Speaker');
    new NestLogger(logger).error(new Error('alone'));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'error', msg: 'It failed', context: 'Speaker', error: { message: 'why' } },
      { msg: 'An error was reported', error: { message: 'alone' } },
    ]);
  });
});
