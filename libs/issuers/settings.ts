import { flag, listOf, network, setting, urlOf } from '#config';

/** Which OpenID Connect issuers may be asked for their keys, and where they may be. */
export const issuerSettings = {
  issuerUrls: setting({
    variable: 'CHANCERY_ISSUERS',
    fallback: '',
    parse: listOf(urlOf('https:', 'http:')),
    description:
      'Comma-separated OpenID Connect issuers that identity providers and trusts may use. Empty: every issuer ' +
      'with a public address.',
  }),
  issuerNetworks: setting({
    variable: 'CHANCERY_ISSUER_NETWORKS',
    fallback: '',
    parse: listOf(network),
    description:
      'Comma-separated networks that issuers may be in although they are loopback, private, link-local or ' +
      'otherwise not public. None by default.',
  }),
  issuerPlainHttp: setting({
    variable: 'CHANCERY_ISSUER_PLAIN_HTTP',
    fallback: 'false',
    parse: flag,
    description:
      'Also accept issuers with `http:` URLs; only for tests, because an attacker in transit can replace the keys.',
  }),
} as const;
