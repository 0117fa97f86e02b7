import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '#config';
import { Secret } from '#core';
import { configurationMarkdown, loadConfiguration, settings } from './load-configuration.js';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7 + 1)).toString('base64');

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    loadConfiguration(environment);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  }
};

describe('loadConfiguration', () => {
  it('loadConfiguration works with nothing set', () => {
    const { configuration, warnings } = loadConfiguration({ PATH: '/bin', PORT: '' });
    expect(warnings).toEqual([]);
    expect(configuration).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      masterKey: undefined,
      masterKeyFile: './data/master.key',
      roles: ['admin', 'signing', 'scheduler'],
      adminEmail: 'admin@localhost',
      trustedProxies: [],
      logLevel: 'info',
      workers: 1,
    });
    expect(configuration.databaseUrl.reveal()).toBe('sqlite:./data/chancery.db');
  });

  it('loadConfiguration reads what is set', () => {
    const { configuration } = loadConfiguration({
      PORT: '0',
      CHANCERY_MASTER_KEY: KEY,
      CHANCERY_ROLES: 'signing, signing',
      CHANCERY_PUBLIC_URL: 'https://keys.example.com/',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1, 2001:db8::/32',
      DATABASE_URL: 'mysql://u:p@db:3306/chancery',
    });
    expect(configuration).toMatchObject({
      port: 0,
      roles: ['signing'],
      publicUrl: 'https://keys.example.com',
      trustedProxies: ['10.0.0.0/8', '::1', '2001:db8::/32'],
    });
    expect(configuration.masterKey?.reveal()).toBe(KEY);
  });

  it.each([
    ['a token for metrics and several workers', { CHANCERY_METRICS_TOKEN: 'a-token-of-16-chars', WORKERS: '2' }, 1],
    ['any free port for metrics and several workers', { CHANCERY_METRICS_PORT: '0', WORKERS: '2' }, 1],
    ['a port for metrics and several workers', { CHANCERY_METRICS_PORT: '9464', WORKERS: '2' }, 0],
    ['a token for metrics and one process', { CHANCERY_METRICS_TOKEN: 'a-token-of-16-chars' }, 0],
    ['a short token for metrics', { CHANCERY_METRICS_TOKEN: 'short' }, 1],
  ])('loadConfiguration finds with %s as many problems as there are', (_, metrics, count) => {
    const environment = { DATABASE_URL: 'mysql://u:p@127.0.0.1:3306/chancery', ...metrics };
    expect(problemsOf(environment)).toHaveLength(count);
  });

  it('loadConfiguration reports every wrong setting', () => {
    const wrong = {
      PORT: '65536',
      DATABASE_URL: 'postgres://db',
      CHANCERY_MASTER_KEY: 'short',
      CHANCERY_MASTER_KEY_FILE: '/k',
      CHANCERY_ROLES: 'admin,root',
      CHANCERY_PUBLIC_URL: 'keys.example.com',
      CHANCERY_ADMIN_EMAIL: 'nobody',
      CHANCERY_ADMIN_PASSWORD: 'too short',
      REDIS_URL: 'http://r',
      TRUSTED_PROXIES: '10.0.0.0/33',
      LOG_LEVEL: 'loud',
      WORKERS: '0',
    };
    const problems = problemsOf(wrong);
    // The file of the master key is fine by itself: its one problem is that both are set.
    expect(problems.map((problem) => problem.split(/[: ]/, 1)[0]).toSorted()).toEqual(
      Object.keys(wrong)
        .filter((name) => name !== 'CHANCERY_MASTER_KEY_FILE')
        .concat('CHANCERY_MASTER_KEY')
        .toSorted(),
    );
  });

  it.each(['10.0.0.0/', '10.0.0/8', '::/129', 'localhost', '10.0.0.0/8/9', '10.0.0.0/-1', '1'])(
    'loadConfiguration trusts no proxy %j',
    (network) => expect(problemsOf({ TRUSTED_PROXIES: network })).toHaveLength(1),
  );

  it('loadConfiguration never shows a secret, whether it is valid or not', () => {
    const secrets = Object.values(settings).filter((row) => 'secret' in row && row.secret);
    expect(secrets.map(({ variable }) => variable)).toContain('CHANCERY_MASTER_KEY');
    for (const { variable } of secrets) {
      const value = 'hunter2:hunter2';
      expect(problemsOf({ [variable]: value }).join()).not.toContain('hunter2');
    }
    const uri = 'pkcs11:token=one?module-path=/lib/token.so&pin-value=hunter2';
    const [problem, ...others] = problemsOf({ CHANCERY_KEY_STORES: `hsm=${uri}` });
    expect(problem).toContain('must have the PIN in a file');
    expect([problem, ...others].join()).not.toContain('hunter2');
    const { configuration } = loadConfiguration({ CHANCERY_ADMIN_PASSWORD: 'a long enough password' });
    expect(configuration.adminPassword).toBeInstanceOf(Secret);
    expect(JSON.stringify(configuration)).not.toContain('long enough');
  });

  it.each<[string, Record<string, string>, RegExp[]]>([
    ['is verified for a remote host', { DATABASE_URL: 'mysql://u:p@db/chancery' }, []],
    [
      'has certificates',
      {
        DATABASE_URL: 'mysql://u:p@db/chancery',
        CHANCERY_DATABASE_TLS_CA_FILE: '/ca.pem',
        CHANCERY_DATABASE_TLS_CERTIFICATE_FILE: '/client.pem',
        CHANCERY_DATABASE_TLS_KEY_FILE: '/client.key',
      },
      [],
    ],
    [
      'is asked for by a parameter',
      { DATABASE_URL: 'mysql://u:p@db/chancery?ssl=true' },
      [/^DATABASE_URL: must have no parameters \(ssl\); TLS is set by CHANCERY_DATABASE_TLS$/],
    ],
    [
      'has an unknown mode',
      { CHANCERY_DATABASE_TLS: 'true' },
      [/^CHANCERY_DATABASE_TLS: must be one of off, required/],
    ],
    [
      'verifies an address by name',
      { DATABASE_URL: 'mysql://u:p@10.0.0.5/chancery' },
      [/^CHANCERY_DATABASE_TLS: .*CHANCERY_DATABASE_TLS_SERVER_NAME/],
    ],
    ['is asked for with a file', { CHANCERY_DATABASE_TLS: 'required' }, [/names a file$/]],
    [
      'is off, with certificates',
      { DATABASE_URL: 'mysql://u:p@localhost/chancery', CHANCERY_DATABASE_TLS_CA_FILE: '/ca.pem' },
      [/TLS is off$/],
    ],
  ])('loadConfiguration checks TLS to the database that %s', (_, environment, problems) => {
    expect(problemsOf(environment)).toEqual(problems.map((problem) => expect.stringMatching(problem)));
  });

  it('loadConfiguration warns of variables that are nearly right', () => {
    expect(loadConfiguration({ CHANCERY_MASTERKEY: 'x', OTHER: 'y' }).warnings).toEqual([
      'CHANCERY_MASTERKEY is not a setting and has no effect',
    ]);
  });
});

describe('configurationMarkdown', () => {
  it('configurationMarkdown has a row for every setting', () => {
    const table = configurationMarkdown();
    for (const { variable, description } of Object.values(settings)) {
      expect(table).toContain(`| \`${variable}\` |`);
      expect(table).toContain(description);
    }
  });
});
