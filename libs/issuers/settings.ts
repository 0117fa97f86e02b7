import { flag, listOf, network, setting, urlOf } from '#config';

/** Which OpenID Connect issuers may be asked for their keys, and where they may be. */
export const issuerSettings = {
  issuerUrls: setting({
    variable: 'CHANCERY_ISSUERS',
    fallback: '',
    parse: listOf(urlOf('https:', 'http:')),
    description:
      'OpenID Connect issuers, separated by commas, that identity providers and trusts of workloads may name. Empty: every ' +
      'issuer with a public address.',
  }),
  issuerNetworks: setting({
    variable: 'CHANCERY_ISSUER_NETWORKS',
    fallback: '',
    parse: listOf(network),
    description:
      'Networks, separated by commas, in which issuers may be although they are loopback, private, link-local or otherwise ' +
      'not public. None by default.',
  }),
  issuerPlainHttp: setting({
    variable: 'CHANCERY_ISSUER_PLAIN_HTTP',
    fallback: 'false',
    parse: flag,
    description: 'Accept issuers with `http:` URLs, too: for tests, as others on the way can replace the keys.',
  }),
} as const;
