import { choices, dataOf } from '#sdk';

import {
  type Frame,
  type ListOptions,
  changedMembers,
  choice,
  collected,
  does,
  group,
  idOf,
  namedMembers,
  printItem,
  printList,
  wholeNumber,
  withListOptions,
} from './command.js';
import { type SecretOptions, withSecretOptions, withSecrets } from './secrets.js';
import type { Server } from './server.js';

const WEBHOOKS = '/v1/tenants/{tenantId}/webhooks';
const WEBHOOK = '/v1/tenants/{tenantId}/webhooks/{webhookId}';
const DELIVERIES = '/v1/tenants/{tenantId}/webhooks/{webhookId}/deliveries';

type DeliveryState = (typeof choices.Delivery.state)[number];

interface Subscription {
  readonly name?: string;
  readonly to?: string;
  readonly action?: string[];
}

/** A webhook by its id or its name. @throws Refusal */
async function pathOf({ client, tenant }: Server, reference: string) {
  const tenantId = await tenant();
  const find = (name: string) => dataOf(client.GET(WEBHOOKS, { params: { path: { tenantId }, query: { name } } }));
  return { path: { tenantId, webhookId: await idOf(reference, find) } };
}

export function addWebhookCommands(frame: Frame): void {
  const webhooks = group(frame, 'webhooks', 'URLs that receive events of the history');

  const list = withListOptions(webhooks.command('list').description('List the webhooks'));
  does<ListOptions>(frame, list, async (work) => {
    const { client, tenant } = work.server;
    const path = { tenantId: await tenant() };
    await printList(work, (query) => dataOf(client.GET(WEBHOOKS, { params: { path, query } })), {
      name: (webhook) => webhook.name,
      id: (webhook) => webhook.id,
      state: (webhook) => webhook.state,
      url: (webhook) => webhook.url,
      actions: (webhook) => webhook.actions,
      'failing since': (webhook) => webhook.failingSince,
    });
  });

  const show = webhooks.command('show <webhook>').description('Show a webhook, by its id or name');
  does(frame, show, async (work, reference) => {
    printItem(work, await dataOf(work.server.client.GET(WEBHOOK, { params: await pathOf(work.server, reference!) })));
  });

  const create = withSecretOptions(
    webhooks.command('create <name>').description('Create a webhook: events from now on are sent to it'),
  )
    .requiredOption('--to <url>', 'the URL that receives the events')
    .requiredOption('--action <action>', 'an action, credential.* or *; repeatable', collected);
  does<SecretOptions & Required<Subscription>>(frame, create, async (work, name) => {
    const { server, options } = work;
    const path = { tenantId: await server.tenant() };
    const body = { name: name!, url: options.to, actions: options.action };
    const { webhook, secret } = await withSecrets(
      work,
      () => dataOf(server.client.POST(WEBHOOKS, { params: { path }, body })),
      secretsIn,
    );
    printItem(work, { ...webhook, ...(options.showSecrets ? { secret } : {}) });
  });

  const update = webhooks
    .command('update <webhook>')
    .description('Change a webhook; fields that you do not give keep their values')
    .option('--name <name>', 'the new name')
    .option('--to <url>', 'the URL that receives the events')
    .option('--action <action>', 'an action; replaces the current ones; repeatable', collected);
  does<Subscription>(frame, update, async (work, reference) => {
    const { name, to: url, action: actions } = work.options;
    const body = changedMembers({ name, url, actions });
    const params = await pathOf(work.server, reference!);
    printItem(work, await dataOf(work.server.client.PATCH(WEBHOOK, { params, body })));
  });

  for (const [verb, description] of [
    ['disable', 'Stop sending events to a webhook until it is enabled'],
    ['enable', 'Send events to a webhook again, from now on'],
  ] as const) {
    does(frame, webhooks.command(`${verb} <webhook>`).description(description), async (work, reference) => {
      const params = await pathOf(work.server, reference!);
      printItem(work, await dataOf(work.server.client.POST(`${WEBHOOK}/${verb}`, { params })));
    });
  }

  const rotate = withSecretOptions(
    webhooks.command('rotate-secret <webhook>').description('Replace the secret of a webhook'),
  ).option('--overlap <seconds>', 'how long the previous secret also signs; default: a day', wholeNumber);
  does<SecretOptions & { readonly overlap?: number }>(frame, rotate, async (work, reference) => {
    const { server, options } = work;
    const params = await pathOf(server, reference!);
    const body = namedMembers({ overlapSeconds: options.overlap });
    const { webhook, secret } = await withSecrets(
      work,
      () => dataOf(server.client.POST(`${WEBHOOK}/rotate-secret`, { params, body })),
      secretsIn,
    );
    printItem(work, { ...webhook, ...(options.showSecrets ? { secret } : {}) });
  });

  const remove = webhooks.command('delete <webhook>').description('Delete a webhook; it receives no more events');
  does(frame, remove, async ({ server, terminal }, reference) => {
    await dataOf(server.client.DELETE(WEBHOOK, { params: await pathOf(server, reference!) }));
    terminal.fail(`The webhook ${reference} is deleted.\n`);
  });

  const deliveries = withListOptions(
    webhooks.command('deliveries <webhook>').description('List the deliveries of a webhook, newest first'),
  ).addOption(choice('--state <state>', 'only those in this state', choices.Delivery.state));
  does<ListOptions & { readonly state?: DeliveryState }>(frame, deliveries, async (work, reference) => {
    const { server, options } = work;
    const { path } = await pathOf(server, reference!);
    const state = namedMembers({ state: options.state });
    const read = (page: object) =>
      dataOf(server.client.GET(DELIVERIES, { params: { path, query: { ...page, ...state } } }));
    await printList(work, read, {
      created: (delivery) => delivery.createdAt,
      id: (delivery) => delivery.id,
      action: (delivery) => delivery.action,
      event: (delivery) => delivery.sequence,
      state: (delivery) => delivery.state,
      attempts: (delivery) => delivery.attempts,
      answer: (delivery) => delivery.lastStatus ?? delivery.lastError,
      next: (delivery) => delivery.nextAttemptAt,
    });
  });

  const redeliver = webhooks.command('redeliver <webhook> <delivery>').description('Send an event to a webhook again');
  does(frame, redeliver, async (work, reference, deliveryId) => {
    const { path } = await pathOf(work.server, reference!);
    const params = { path: { ...path, deliveryId: deliveryId! } };
    printItem(work, await dataOf(work.server.client.POST(`${DELIVERIES}/{deliveryId}/redeliver`, { params })));
  });
}

const secretsIn = ({ webhook, secret }: { readonly webhook: { readonly id: string }; readonly secret: string }) => ({
  webhookId: webhook.id,
  secret,
});
