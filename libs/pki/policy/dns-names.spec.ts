import { describe, expect, it } from 'vitest';

import { dnsNamesOutside } from './dns-names.js';
import { NAME_POLICY_DEFAULT, type NamePolicy } from './rule.js';

const ALLOWED = ['*.acme.example', 'api.acme.test', 'LOCALHOST'];

const outside = (
  { commonName = 'Ada', dns = [] }: { commonName?: string; dns?: readonly string[] },
  policy: Partial<NamePolicy> = {},
  allowed: readonly string[] = ALLOWED,
): string[] =>
  dnsNamesOutside(
    {
      subject: [{ type: 'commonName', value: commonName }],
      subjectAlternativeNames: dns.map((value) => ({ kind: 'dns', value })),
    },
    { ...NAME_POLICY_DEFAULT, ...policy },
    allowed,
  );

describe('DNS names that the settings of a tenant permit', () => {
  it.each(['a.acme.example', 'a.b.acme.example', 'A.ACME.example', '*.acme.example', 'api.acme.test', 'localhost'])(
    'DNS names that the settings of a tenant permit include %s',
    (name) => {
      expect(outside({ dns: [name] })).toEqual([]);
      expect(outside({ commonName: name })).toEqual([]);
    },
  );

  it.each(['evil.com', 'acme.example', 'xacme.example', 'acme.example.evil.com', 'x.api.acme.test', '*.example'])(
    'DNS names that the settings of a tenant permit do not include %s',
    (name) => {
      expect(outside({ dns: [name] })).toEqual([name]);
      expect(outside({ commonName: name })).toEqual([name]);
    },
  );

  it.each(['localhost', 'LocalHost', 'a_b.evil.com', 'evil.com.', 'evil.com:443', '192.0.2.1'])(
    'DNS names that the settings of a tenant permit do not include the common name %s, which a verifier can take for a host, unless it is allowed',
    (commonName) => expect(outside({ commonName }, {}, ['*.acme.example'])).toEqual([commonName]),
  );

  it.each(['My Awesome Reseller', 'billing', 'Acme Inc.', 'ada@acme.test', 'Dr. Who'])(
    'DNS names that the settings of a tenant permit say nothing of the common name %s, which is no host',
    (commonName) => expect(outside({ commonName }, {}, [])).toEqual([]),
  );

  it('DNS names that the settings of a tenant permit include every offending name once', () => {
    expect(outside({ commonName: 'evil.com', dns: ['evil.com', 'ok.acme.example', 'other.com'] })).toEqual([
      'evil.com',
      'other.com',
    ]);
  });

  it('DNS names that the settings of a tenant permit do not count where the authority has domains of its own', () => {
    const domains = ['globex.example'];
    expect(outside({ dns: ['globex.example', 'a.globex.example', 'a.acme.example'] }, { domains })).toEqual([
      'a.acme.example',
    ]);
  });

  it('DNS names that the settings of a tenant permit leave addresses to authorities that certify addresses', () => {
    expect(outside({ commonName: '192.0.2.1' }, { sanKinds: ['ip'] })).toEqual([]);
  });
});
