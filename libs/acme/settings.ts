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
      'Networks, separated by commas, in which ACME http-01 challenges are validated although they are loopback, private, ' +
      'link-local or otherwise not public: those of the hosts with internal names. None by default.',
  }),
  acmeResolvers: setting({
    variable: 'CHANCERY_ACME_RESOLVERS',
    fallback: '',
    parse: listOf(resolver),
    description:
      'DNS servers, separated by commas, that know the names of ACME orders: addresses, with a port where it is not 53. ' +
      'Those of the host if empty.',
  }),
  acmeHttpPort: setting({
    variable: 'CHANCERY_ACME_HTTP_PORT',
    fallback: '80',
    parse: wholeNumber(1, 65_535),
    description:
      'TCP port at which ACME http-01 challenges are validated: another one than 80 is for tests (RFC 8555 §8.3).',
  }),
} as const;
