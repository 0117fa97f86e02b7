import { dataOf } from '#sdk';

import {
  type Frame,
  type ListOptions,
  changedMembers,
  collected,
  does,
  group,
  idOf,
  namedMembers,
  printItem,
  printList,
  withListOptions,
} from './command.js';
import { type SecretOptions, shown, withSecretOptions, withSecrets } from './secrets.js';
import type { Server } from './server.js';
import { proofOf } from './step-up.js';

const SERVICES = '/v1/tenants/{tenantId}/services';
const SERVICE = '/v1/tenants/{tenantId}/services/{serviceId}';

/** The id of a service that is given by its id or its name. @throws Refusal */
export const serviceIdOf = ({ client }: Server, tenantId: string, reference: string): Promise<string> =>
  idOf(reference, (name) => dataOf(client.GET(SERVICES, { params: { path: { tenantId }, query: { name } } })));

async function pathOf(server: Server, reference: string) {
  const tenantId = await server.tenant();
  return { path: { tenantId, serviceId: await serviceIdOf(server, tenantId, reference) } };
}

interface Filter extends ListOptions {
  readonly name?: string;
  readonly unusedSince?: string;
}

interface NewService extends SecretOptions {
  readonly description?: string;
  readonly profile?: string[];
  readonly allow?: string[];
}

interface ServiceChange {
  readonly name?: string;
  readonly description?: string;
  readonly profile?: string[];
  readonly allow?: string[];
  readonly allowAll?: boolean;
}

export function addServiceCommands(frame: Frame): void {
  const services = group(frame, 'services', 'Services and what they may do');

  const list = withListOptions(services.command('list').description('List the services'))
    .option('--name <name>', 'only the one with this name')
    .option('--unused-since <instant>', 'only those without use since this time');
  does<Filter>(frame, list, async (work) => {
    const { server, options } = work;
    const query = namedMembers({ name: options.name, unusedSince: options.unusedSince });
    const path = { tenantId: await server.tenant() };
    await printList(
      work,
      (page) => dataOf(server.client.GET(SERVICES, { params: { path, query: { ...page, ...query } } })),
      {
        name: (service) => service.name,
        id: (service) => service.id,
        profiles: (service) => service.profiles,
        'last used': (service) => service.lastUsedAt,
      },
    );
  });

  const show = services.command('show <service>').description('Show a service, by its id or name');
  does(frame, show, async (work, reference) => {
    printItem(work, await dataOf(work.server.client.GET(SERVICE, { params: await pathOf(work.server, reference!) })));
  });

  const create = withSecretOptions(services.command('create <name>').description('Create a service with its secrets'))
    .option('--description <text>', 'its purpose')
    .option('--profile <name>', 'a token profile that it may use, once for each; * for all', collected)
    .option('--allow <cidr>', 'a network that it may call from, once for each', collected);
  does<NewService>(frame, create, async (work, name) => {
    const { server, options } = work;
    const { description, profile: profiles, allow: allowedCidrs } = options;
    const path = { tenantId: await server.tenant() };
    const body = { name: name!, ...namedMembers({ description, profiles, allowedCidrs }) };
    const { service, serviceKey, jwtCredential } = await withSecrets(
      work,
      () => dataOf(server.client.POST(SERVICES, { params: { path }, body })),
      (created) => ({
        serviceId: created.service.id,
        serviceKey: created.serviceKey.secret,
        jwtSecret: created.jwtCredential.secret,
      }),
    );
    const secrets = { serviceKey: shown(work, serviceKey), jwtCredential: shown(work, jwtCredential) };
    if (options.json) return printItem(work, { service, ...secrets });
    printItem(work, {
      ...service,
      ...(options.showSecrets ? { serviceKey: serviceKey.secret, jwtSecret: jwtCredential.secret } : {}),
    });
  });

  const update = services
    .command('update <service>')
    .description('Change a service; fields that you do not give keep their values')
    .option('--name <name>', 'the new name')
    .option('--description <text>', 'its purpose')
    .option('--profile <name>', 'a token profile that it may use; replaces the current ones; repeatable', collected)
    .option('--allow <cidr>', 'a network that it may call from; replaces the current ones; repeatable', collected)
    .option('--allow-all', 'allow calls from any network');
  does<ServiceChange>(frame, update, async (work, reference) => {
    const { name, description, profile: profiles, allow, allowAll } = work.options;
    const allowedCidrs = allowAll ? [] : allow;
    const body = changedMembers({ name, description, profiles, allowedCidrs });
    const params = await pathOf(work.server, reference!);
    printItem(work, await dataOf(work.server.client.PATCH(SERVICE, { params, body })));
  });

  const remove = services
    .command('delete <service>')
    .description('Delete a service and the secrets of its credentials');
  does(frame, remove, async (work, reference) => {
    const { server, terminal } = work;
    const params = await pathOf(server, reference!);
    const { body, header } = await proofOf(work, `Delete ${reference}`);
    await dataOf(server.client.DELETE(SERVICE, { params: { ...params, header }, body }));
    terminal.fail(`The service ${reference} is deleted.\n`);
  });
}
