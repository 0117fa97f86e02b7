import { isIP } from 'node:net';

import { listOf, network, setting, wholeNumber } from '#config';

/** `10.0.0.53`, `10.0.0.53:5353`, `fd00::53`, `[fd00::53]:5353`: what `Resolver.setServers` of `node:dns` takes. */
function resolver(value: string): string {
  const [, bracketed, plain, port = '53'] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/.exec(value) ?? [];
  const address = bracketed ?? plain ?? value;
  const isValid = isIP(address) !== 0 && Number(port) > 0 && Number(port) <= 65_535;
  if (!isValid) throw new Error('must be a list of addresses such as 10.0.0.53, 10.0.0.53:5353, [fd00::53]:5353');
  return value;
}

/** How the control of names is validated. */
export const acmeSettings = {
  acmeNetworks: setting({
    variable: 'CHANCERY_ACME_NETWORKS',
    fallback: '',
    parse: listOf(network),
    description:
      'Comma-separated networks of hosts with internal names, in which ACME http-01 challenges are validated ' +
      'although the addresses are not public. None by default.',
  }),
  acmeResolvers: setting({
    variable: 'CHANCERY_ACME_RESOLVERS',
    fallback: '',
    parse: listOf(resolver),
    description:
      'Comma-separated addresses of DNS servers that know the names of ACME orders, with a port if it is not 53. ' +
      'Default: those of the host.',
  }),
  acmeHttpPort: setting({
    variable: 'CHANCERY_ACME_HTTP_PORT',
    fallback: '80',
    parse: wholeNumber(1, 65_535),
    description: 'TCP port for ACME http-01 challenges; a port other than 80 is only for tests (RFC 8555 §8.3).',
  }),
} as const;
