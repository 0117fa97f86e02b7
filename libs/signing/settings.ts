import { listOf, setting, urlOf } from '#config';

/** From where keys of others may be read. */
export const jwksUrlSettings = {
  jwksUrls: setting({
    variable: 'CHANCERY_JWKS_URLS',
    fallback: '',
    parse: listOf(urlOf('https:', 'http:')),
    description:
      'URLs, separated by commas, from which the keys of trusted OpenID Connect issuers may be read. None by default: ' +
      'then a token profile gives the keys themselves.',
  }),
} as const;
