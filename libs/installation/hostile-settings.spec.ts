import { describe, expect, it } from 'vitest';

import { ConfigurationError } from '#config';

import { loadConfiguration, settings } from './load-configuration.js';

const SECRET = 'hunter2';
/** What an operator writes by mistake, and what somebody writes who may set one variable. */
const HOSTILE: readonly string[] = [
  '-1',
  '0x10',
  '1e3',
  '1.5',
  '99999999999999999999',
  'NaN',
  'Infinity',
  ' ',
  ',',
  ',,a',
  'true ',
  'TRUE',
  'yes',
  'null',
  'http://',
  'https://[::1',
  `https://user:${SECRET}@host/path?query#fragment`,
  'javascript:alert(1)',
  'mysql://',
  `mysql://user:${SECRET}@host:99999/database`,
  `mysql://user:a/b@c ${SECRET}@host/database`,
  'sqlite:',
  '../../etc/passwd',
  '10.0.0.0/33',
  '::/129',
  '${jndi:ldap://x}',
  'a\nb',
  'ä'.repeat(300),
  'x'.repeat(100_000),
  '[]',
  '{"a":1}',
  'name=transit://host/mount/key, name=transit://host/mount/key',
];
const LINE_CHARACTERS_MAX = 400;

/** What is said about one setting; empty where its value is used. */
function problemsOf(variable: string, value: string): readonly string[] {
  try {
    loadConfiguration({ [variable]: value });
    return [];
  } catch (error) {
    // Whatever is thrown otherwise would end a start without a word for the operator.
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  }
}

describe('hostile values', () => {
  const variables = Object.values(settings).map(({ variable }) => variable as string);

  it.each(variables)(
    'a hostile value of %s is used, or rejected in a short line with its name and without a password',
    (name) => {
      for (const value of HOSTILE) {
        for (const problem of problemsOf(name, value)) {
          // Of settings that go together, the first one names the others.
          expect(problem).toMatch(new RegExp(`${name}|^CHANCERY_DATABASE_TLS: `));
          expect(problem.length).toBeLessThan(LINE_CHARACTERS_MAX);
          expect(problem).not.toContain(SECRET);
        }
      }
    },
  );

  it.each([
    'https://user:hunter2@keys.example',
    'https://keys.example?a',
    'https://keys.example/#a',
    'https://keys.example/?',
  ])('the public URL %s is rejected: it would be in every token and certificate', (url) => {
    const [problem, ...others] = problemsOf('CHANCERY_PUBLIC_URL', url);
    expect([problem, others]).toEqual([expect.stringContaining('without a user, a query and a fragment'), []]);
  });
});
