import { type Command, InvalidArgumentError } from 'commander';

import { type components, choices, dataOf } from '#sdk';

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
import { textOf } from './input-file.js';
import type { Server } from './server.js';
import { proofOf } from './step-up.js';

const PROVIDERS = '/v1/tenants/{tenantId}/identity-providers';
const PROVIDER = '/v1/tenants/{tenantId}/identity-providers/{identityProviderId}';

type RoleMapping = components['schemas']['RoleMapping'];

interface Settings {
  readonly clientSecretFrom?: string;
  readonly scope?: string[];
  readonly groupsClaim?: string;
  readonly role?: RoleMapping[];
  readonly domain?: string[];
  readonly trustsEmails?: boolean;
}

interface NewProvider extends Settings {
  readonly issuer: string;
  readonly clientId: string;
}

interface ProviderChange extends Settings {
  readonly name?: string;
}

/** `group=role`; a group may have the sign, a role has none. @throws InvalidArgumentError */
function roleOf(text: string, before: readonly RoleMapping[] = []): RoleMapping[] {
  const at = text.lastIndexOf('=');
  const role = choices.RoleMapping.role.find((known) => known === text.slice(at + 1));
  if (at < 1 || role === undefined) {
    throw new InvalidArgumentError(`It must be group=role with one of ${choices.RoleMapping.role.join(', ')}.`);
  }
  return [...before, { group: text.slice(0, at), role }];
}

const withSettings = (command: Command): Command =>
  command
    .option('--client-secret-from <file>', 'file with the client secret at the provider; - reads the standard input')
    .option('--scope <name>', 'a scope to request; repeatable; default: openid email profile', collected)
    .option('--groups-claim <name>', 'the claim that lists the groups of a user; default: groups')
    .option('--role <group=role>', 'the role of the members of a group; repeatable; * for all users', roleOf)
    .option('--domain <domain>', 'an accepted e-mail domain; repeatable; default: every domain', collected)
    .option('--trusts-emails', 'treat e-mail addresses as verified even if the provider does not say so')
    .option('--no-trusts-emails', 'treat e-mail addresses as verified only if the provider says so');

/** The members of a request that the options name. */
async function membersOf({ terminal }: { readonly terminal: Parameters<typeof textOf>[0] }, settings: Settings) {
  const { clientSecretFrom, scope: scopes, groupsClaim, role: roleMappings, domain: emailDomains } = settings;
  const clientSecret = clientSecretFrom === undefined ? undefined : (await textOf(terminal, clientSecretFrom)).trim();
  const { trustsEmails } = settings;
  const members = { clientSecret, scopes, groupsClaim, roleMappings, emailDomains, trustsEmails };
  return namedMembers(members);
}

/** An identity provider by its id or its name. @throws Refusal */
async function pathOf({ client, tenant }: Server, reference: string) {
  const tenantId = await tenant();
  const find = (name: string) => dataOf(client.GET(PROVIDERS, { params: { path: { tenantId }, query: { name } } }));
  return { tenantId, identityProviderId: await idOf(reference, find) };
}

export function addIdentityProviderCommands(frame: Frame): void {
  const providers = group(frame, 'identity-providers', 'OpenID Providers that users of the tenant sign in with');

  const list = withListOptions(providers.command('list').description('List the identity providers'));
  does<ListOptions>(frame, list, async (work) => {
    const { client, tenant } = work.server;
    const path = { tenantId: await tenant() };
    await printList(work, (query) => dataOf(client.GET(PROVIDERS, { params: { path, query } })), {
      name: (provider) => provider.name,
      id: (provider) => provider.id,
      enabled: (provider) => provider.enabled,
      issuer: (provider) => provider.issuer,
      domains: (provider) => provider.emailDomains,
    });
  });

  const show = providers.command('show <provider>').description('Show an identity provider, by its id or name');
  does(frame, show, async (work, reference) => {
    const params = { path: await pathOf(work.server, reference!) };
    printItem(work, await dataOf(work.server.client.GET(PROVIDER, { params })));
  });

  const create = withSettings(
    providers.command('create <name>').description('Create an identity provider; asks for your password'),
  )
    .requiredOption('--issuer <url>', 'its issuer identifier')
    .requiredOption('--client-id <id>', 'the client id at the provider');
  does<NewProvider>(frame, create, async (work, name) => {
    const { server, options } = work;
    const path = { tenantId: await server.tenant() };
    const settings = await membersOf(work, options);
    const { body: proof, header } = await proofOf(work, `Create ${name}`);
    const body = { name: name!, issuer: options.issuer, clientId: options.clientId, ...settings, ...proof };
    printItem(work, await dataOf(server.client.POST(PROVIDERS, { params: { path, header }, body })));
  });

  const update = withSettings(
    providers
      .command('update <provider>')
      .description(
        'Change an identity provider; fields that you do not give keep their values; asks for your password',
      ),
  ).option('--name <name>', 'the new name');
  does<ProviderChange>(frame, update, async (work, reference) => {
    const { name } = work.options;
    const change = changedMembers({ name, ...(await membersOf(work, work.options)) });
    const path = await pathOf(work.server, reference!);
    const { body, header } = await proofOf(work, `Change ${reference}`);
    const params = { path, header };
    printItem(work, await dataOf(work.server.client.PATCH(PROVIDER, { params, body: { ...change, ...body } })));
  });

  for (const [verb, enabled, what] of [
    ['enable', true, 'Allow sign-in with a provider again'],
    ['disable', false, 'Reject sign-in with a provider, and end its sessions'],
  ] as const) {
    const command = providers.command(`${verb} <provider>`).description(`${what}; asks for your password`);
    does(frame, command, async (work, reference) => {
      const path = await pathOf(work.server, reference!);
      const { body, header } = await proofOf(work, `${verb} ${reference}`);
      const params = { path, header };
      printItem(work, await dataOf(work.server.client.PATCH(PROVIDER, { params, body: { enabled, ...body } })));
    });
  }

  const test = providers
    .command('test <provider>')
    .description('Fetch the metadata of a provider, and show the redirect URI to register there');
  does(frame, test, async (work, reference) => {
    const params = { path: await pathOf(work.server, reference!) };
    printItem(work, await dataOf(work.server.client.POST(`${PROVIDER}/test`, { params })));
  });

  const remove = providers
    .command('delete <provider>')
    .description('Delete an identity provider and end its sessions; asks for your password');
  does(frame, remove, async (work, reference) => {
    const path = await pathOf(work.server, reference!);
    const { body, header } = await proofOf(work, `Delete ${reference}`);
    await dataOf(work.server.client.DELETE(PROVIDER, { params: { path, header }, body }));
    work.terminal.fail(`The identity provider ${reference} is deleted.\n`);
  });
}
