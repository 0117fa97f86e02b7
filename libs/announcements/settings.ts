import { flag, listOf, network, setting } from '#config';

/** To where this installation sends what tenants name. */
export const announcementSettings = {
  webhookNetworks: setting({
    variable: 'CHANCERY_WEBHOOK_NETWORKS',
    fallback: '',
    parse: listOf(network),
    description:
      'Comma-separated networks that webhooks may reach although they are loopback, private, link-local or ' +
      'otherwise not public. None by default.',
  }),
  webhookPlainHttp: setting({
    variable: 'CHANCERY_WEBHOOK_PLAIN_HTTP',
    fallback: 'false',
    parse: flag,
    description: 'Also accept webhooks with `http:` URLs; their messages can be read in transit.',
  }),
} as const;
