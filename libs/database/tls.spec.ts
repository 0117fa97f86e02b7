import { describe, expect, it } from 'vitest';

import { parseDatabaseUrl } from './connection-url.js';
import { type DatabaseTls, type TlsSettings, connectionOptions, defaultTlsMode, tlsProblems } from './tls.js';

const target = (host: string) => parseDatabaseUrl(`mysql://u:p@${host}/chancery`) as never;
const SQLITE = parseDatabaseUrl('sqlite:./chancery.db');
const NONE: TlsSettings = { mode: 'off', hasCa: false, hasCertificate: false, hasKey: false, serverName: undefined };

describe('the default of TLS to the database', () => {
  it.each(['localhost', '127.0.0.1', '127.8.9.10', '[::1]'])('the default is off for the loopback host %s', (host) => {
    expect(defaultTlsMode(target(host))).toBe('off');
  });

  it.each(['db', '10.0.0.5', 'localhost.example.com', '127.0.0.1.example.com'])(
    'the default is verify for %s',
    (host) => {
      expect(defaultTlsMode(target(host))).toBe('verify');
    },
  );

  it('the default is off for a file', () => {
    expect(defaultTlsMode(SQLITE)).toBe('off');
  });
});

describe('problems of TLS settings', () => {
  it.each<[string, string, Partial<TlsSettings>, RegExp[]]>([
    ['nothing is set', 'db', {}, []],
    ['a name is verified', 'db', { mode: 'verify', hasCa: true }, []],
    ['a client certificate comes with its key', 'db', { mode: 'verify', hasCertificate: true, hasKey: true }, []],
    ['an address is not verified by name', '10.0.0.5', { mode: 'verify-ca', hasCa: true }, []],
    ['an address has a name to verify', '10.0.0.5', { mode: 'verify', serverName: 'db.example.com' }, []],
    ['an address is to be verified by name', '10.0.0.5', { mode: 'verify' }, [/TLS_SERVER_NAME/]],
    ['certificates are given while TLS is off', 'db', { hasCa: true }, [/TLS is off/]],
    ['a client certificate lacks its key', 'db', { mode: 'required', hasCertificate: true }, [/go together/]],
    ['a key lacks its certificate', 'db', { mode: 'required', hasKey: true }, [/go together/]],
    ['the name is an address', 'db', { mode: 'verify', serverName: '10.0.0.5' }, [/no IP address/]],
  ])('problems are named where %s', (_, host, changes, problems) => {
    const found = tlsProblems(target(host), { ...NONE, ...changes });
    expect(found).toEqual(problems.map((problem) => expect.stringMatching(problem)));
  });

  it.each<Partial<TlsSettings>>([{ mode: 'required' }, { hasCa: true }])(
    'TLS is a problem for a file: %o',
    (changes) => {
      expect(tlsProblems(SQLITE, { ...NONE, ...changes })).toEqual([
        expect.stringMatching(/DATABASE_URL names a file/),
      ]);
      expect(tlsProblems(SQLITE, NONE)).toEqual([]);
    },
  );
});

describe('the options of a connection', () => {
  const options = (tls: DatabaseTls) => connectionOptions(target('db'), tls);

  it('a connection without TLS has no certificate options', () => {
    expect(options({ mode: 'off' })).toEqual({
      host: 'db',
      port: 3306,
      user: 'u',
      password: 'p',
      database: 'chancery',
    });
  });

  it.each([
    ['required', { rejectUnauthorized: false, verifyIdentity: false }],
    ['verify-ca', { rejectUnauthorized: true, verifyIdentity: false }],
    ['verify', { rejectUnauthorized: true, verifyIdentity: true }],
  ] as const)('a connection in mode %s verifies as much', (mode, verified) => {
    expect(options({ mode, ca: 'CA', certificate: 'C', key: 'K' })).toMatchObject({
      host: 'db',
      ssl: { ca: 'CA', cert: 'C', key: 'K', minVersion: 'TLSv1.2', ...verified },
    });
  });

  it('a connection with a server name is verified by that, and goes to the host', () => {
    const { host, stream } = options({ mode: 'verify', serverName: 'db.example.com' });
    expect([host, typeof stream]).toEqual(['db.example.com', 'function']);
  });
});
