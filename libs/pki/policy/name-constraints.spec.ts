import { describe, expect, it } from 'vitest';
import { type GeneralNameKind, addressOctets } from '../x509/names.js';
import { constrainedNames, namesOfSubject } from './name-constraints.js';

const isPermitted = (kind: GeneralNameKind, value: string, subtree: string): boolean =>
  constrainedNames([{ kind, value }], { permitted: [{ kind, value: subtree }], excluded: [] }).length === 0;

describe('subtrees', () => {
  it.each<[GeneralNameKind, string, string, boolean]>([
    ['dns', 'acme.example', 'acme.example', true],
    ['dns', 'API.Acme.example', 'acme.EXAMPLE', true],
    ['dns', '*.acme.example', 'acme.example', true],
    ['dns', 'notacme.example', 'acme.example', false],
    ['dns', 'acme.example.evil', 'acme.example', false],
    ['dns', 'anything', '', true],
    ['email', 'a@acme.example', 'acme.example', true],
    ['email', 'a@sub.acme.example', 'acme.example', false],
    ['email', 'a@sub.acme.example', '.acme.example', true],
    ['email', 'a@acme.example', 'a@acme.example', true],
    ['email', 'b@acme.example', 'a@acme.example', false],
    ['uri', 'https://acme.example/x', 'acme.example', true],
    ['uri', 'https://api.acme.example/x', '.acme.example', true],
    ['uri', 'https://acme.example@evil.test/', 'acme.example', false],
    ['ip', '10.255.0.1', '10.0.0.0/8', true],
    ['ip', '11.0.0.1', '10.0.0.0/8', false],
    ['ip', '2001:db8::1', '2001:db8::/32', true],
    ['ip', '2001:db9::1', '2001:db8::/32', false],
    ['ip', '::ffff:10.0.0.1', '10.0.0.0/8', false],
    ['ip', '192.0.2.130', '192.0.2.128/25', true],
    ['directory', 'CN=a,O=Acme,C=DE', 'O=Acme,C=DE', true],
    ['directory', 'CN=a,O=Acme,C=DE', 'o=acme,c=de', true],
    ['directory', 'CN=a', 'O=Acme,C=DE', false],
    ['directory', 'CN=x\\,O=Acme', 'O=Acme', false],
    ['directory', 'CN=x\\\\,O=Acme', 'O=Acme', true],
  ])('the name %s %s is in the subtree %s: %s', (kind, value, subtree, expected) => {
    expect(isPermitted(kind, value, subtree)).toBe(expected);
  });

  it('names of kinds that no subtree mentions are permitted, and excluded names stay excluded though they are permitted', () => {
    const names = [
      { kind: 'dns', value: 'secret.acme.example' },
      { kind: 'ip', value: '10.0.0.1' },
    ] as const;
    const acme = { kind: 'dns', value: 'acme.example' } as const;
    expect(constrainedNames(names, { permitted: [acme], excluded: [] })).toEqual([]);
    expect(constrainedNames(names, { permitted: [acme], excluded: [names[0]] })).toEqual([names[0]]);
  });
});

describe('the names in a subject', () => {
  it('the names in a subject are itself, hosts and mail addresses', () => {
    const subject = [
      { type: 'emailAddress', value: 'a@acme.example', stringTag: 0x16 },
      { type: 'commonName', value: 'api.acme.example', stringTag: 0x0c },
      { type: 'commonName', value: 'My Awesome Reseller', stringTag: 0x0c },
    ];
    expect(namesOfSubject(subject)).toEqual([
      { kind: 'directory', value: 'CN=My Awesome Reseller,CN=api.acme.example,emailAddress=a@acme.example' },
      { kind: 'email', value: 'a@acme.example' },
      { kind: 'dns', value: 'api.acme.example' },
    ]);
    expect(namesOfSubject([])).toEqual([]);
  });
});

describe('addresses', () => {
  it.each([
    ['10.1.2.3', '0a010203'],
    ['10.1.2.3/12', '0a000000fff00000'],
    ['0.0.0.0/0', '0000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::192.0.2.1', '20010db80000000000000000c0000201'],
    ['2001:db8::/33', `20010db8${'00'.repeat(12)}ffffffff80${'00'.repeat(11)}`],
  ])('%s is read as an address with its mask', (text, expected) => {
    expect(addressOctets(text).toString('hex')).toBe(expected);
  });

  it.each(['', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::1%eth0', '010.0.0.1', 'a::b::c'])(
    '%s is no address',
    (text) => {
      expect(() => addressOctets(text)).toThrow('Not an address');
    },
  );
});
