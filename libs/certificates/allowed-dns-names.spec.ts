import { describe, expect, it } from 'vitest';

import { internalDnsNames } from './allowed-dns-names.js';

describe('names under the private suffix', () => {
  it('names under the private suffix are all names below the tenant where no service is named', () => {
    expect(internalDnsNames('acme')).toEqual(['*.acme.internal']);
  });

  it.each([
    ['billing', 'billing'],
    ['Billing (EU)', 'billing-eu'],
    ['Ärger & Söhne', 'arger-sohne'],
    ['-a..b-', 'a-b'],
    ['x'.repeat(100), 'x'.repeat(63)],
    [`${'x'.repeat(62)} y`, 'x'.repeat(62)],
  ])('names under the private suffix begin with the label of the service %j', (name, label) => {
    expect(internalDnsNames('acme', name)).toEqual([`${label}.acme.internal`, `*.${label}.acme.internal`]);
  });

  it('names under the private suffix are none where the name of the service has no letter or digit of a label', () => {
    expect(internalDnsNames('acme', '服务')).toEqual([]);
  });
});
