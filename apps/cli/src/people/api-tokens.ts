import { type components, choices, dataOf } from '#sdk';

import { Refusal } from '../terminal.js';
import {
  type Frame,
  type ListOptions,
  choice,
  collected,
  does,
  everyItem,
  group,
  idOf,
  namedMembers,
  printItem,
  printList,
  withListOptions,
} from './command.js';
import { type SecretOptions, withSecretOptions, withSecrets } from './secrets.js';
import type { Server } from './server.js';
import { proofOf } from './step-up.js';

const TOKENS = '/v1/tenants/{tenantId}/api-tokens';
const ACCOUNTS = '/v1/tenants/{tenantId}/service-accounts';

type ApiToken = components['schemas']['ApiToken'];
type Permission = (typeof choices.NewApiToken.permissions)[number];
type Role = (typeof choices.NewServiceAccount.role)[number];

interface NewToken extends SecretOptions {
  readonly permission: Permission[];
  readonly expiresAt: string;
  readonly allow?: string[];
  readonly serviceAccount?: string;
  readonly stepUp?: boolean;
}

/** A token that is given by its id or its name. @throws Refusal where nothing has it, or several have the name */
async function tokenOf(
  { client, tenant }: Server,
  reference: string,
): Promise<ApiToken & { readonly tenantId: string }> {
  const tenantId = await tenant();
  const tokens = await everyItem((page) => dataOf(client.GET(TOKENS, { params: { path: { tenantId }, query: page } })));
  const byId = tokens.filter(({ id }) => id === reference);
  // A revoked one keeps its name; it is found by its id.
  const found = byId.length > 0 ? byId : tokens.filter(({ name, state }) => name === reference && state === 'active');
  const [first, second] = found;
  if (first === undefined) throw new Refusal(`NOT_FOUND: no API token is called ${JSON.stringify(reference)}`);
  if (second !== undefined) throw new Refusal(`Several API tokens are called ${JSON.stringify(reference)}: say the id`);
  return { ...first, tenantId };
}

async function accountIdOf({ client }: Server, tenantId: string, reference: string): Promise<string> {
  const find = (name: string) => dataOf(client.GET(ACCOUNTS, { params: { path: { tenantId }, query: { name } } }));
  return idOf(reference, find);
}

export function addApiTokenCommands(frame: Frame): void {
  const tokens = group(frame, 'api-tokens', 'API tokens: yours; for an owner, all of the tenant');

  const list = withListOptions(tokens.command('list').description('List API tokens, without their secrets')).option(
    '--name <name>',
    'only those with this name',
  );
  does<ListOptions & { readonly name?: string }>(frame, list, async (work) => {
    const { client, tenant } = work.server;
    const path = { tenantId: await tenant() };
    const query = namedMembers({ name: work.options.name });
    const read = (page: object) => dataOf(client.GET(TOKENS, { params: { path, query: { ...page, ...query } } }));
    await printList(work, read, {
      name: (token) => token.name,
      id: (token) => token.id,
      state: (token) => token.state,
      owner: (token) => token.ownerType,
      permissions: (token) => token.permissions,
      expires: (token) => token.expiresAt,
      'last used': (token) => token.lastUsedAt,
    });
  });

  const show = tokens.command('show <token>').description('Show an API token, by its id or name');
  does(frame, show, async (work, reference) => {
    const { tenantId: _, ...token } = await tokenOf(work.server, reference!);
    printItem(work, token);
  });

  const create = withSecretOptions(
    tokens.command('create <name>').description('Create an API token that works as you; asks for your password'),
  )
    .addOption(
      choice('--permission <name>', 'a permission, once for each', choices.NewApiToken.permissions)
        .argParser((value, before) => collected(value, before as readonly string[] | undefined))
        .makeOptionMandatory(),
    )
    .requiredOption('--expires-at <instant>', 'when it expires: at most 365 days from now')
    .option('--allow <cidr>', 'a network that it may be used from, once for each', collected)
    .option('--service-account <account>', 'a service account that it works as instead, by its id or name')
    .option('--step-up', 'let it do what takes a fresh proof; asks for the code of your app');
  does<NewToken>(frame, create, async (work, name) => {
    const { server, options } = work;
    const { permission, expiresAt, allow: allowedCidrs, serviceAccount, stepUp } = options;
    requirePermissions(permission);
    const tenantId = await server.tenant();
    const accountId = serviceAccount && (await accountIdOf(server, tenantId, serviceAccount));
    const { body: proof, header } = await proofOf(work, `Create ${name}`);
    const body = {
      name: name!,
      permissions: permission,
      expiresAt,
      ...namedMembers({ allowedCidrs, stepUp }),
      ...proof,
    };
    const created = await withSecrets(
      work,
      () =>
        dataOf(
          accountId
            ? server.client.POST(`${ACCOUNTS}/{serviceAccountId}/api-tokens`, {
                params: { path: { tenantId, serviceAccountId: accountId }, header },
                body,
              })
            : server.client.POST(TOKENS, { params: { path: { tenantId }, header }, body }),
        ),
      ({ apiToken, token }) => ({ apiTokenId: apiToken.id, token }),
    );
    const { apiToken, token } = created;
    printItem(work, { ...apiToken, ...(options.showSecrets ? { token } : {}) });
  });

  const revoke = tokens.command('revoke <token>').description('Revoke an API token, by its id or name');
  does(frame, revoke, async ({ server, terminal }, reference) => {
    const { tenantId, id, name } = await tokenOf(server, reference!);
    await dataOf(server.client.DELETE(`${TOKENS}/{apiTokenId}`, { params: { path: { tenantId, apiTokenId: id } } }));
    terminal.fail(`The API token ${name} is revoked.\n`);
  });
}

export function addServiceAccountCommands(frame: Frame): void {
  const accounts = group(frame, 'service-accounts', 'Automation that belongs to no person');

  const list = withListOptions(accounts.command('list').description('List the service accounts'));
  does<ListOptions>(frame, list, async (work) => {
    const { client, tenant } = work.server;
    const path = { tenantId: await tenant() };
    await printList(work, (query) => dataOf(client.GET(ACCOUNTS, { params: { path, query } })), {
      name: (account) => account.name,
      id: (account) => account.id,
      role: (account) => account.role,
      created: (account) => account.createdAt,
    });
  });

  const create = accounts
    .command('create <name>')
    .description('Create a service account')
    .addOption(
      choice('--role <role>', 'the limit of its API tokens', choices.NewServiceAccount.role).makeOptionMandatory(),
    );
  does<{ readonly role: Role }>(frame, create, async (work, name) => {
    const path = { tenantId: await work.server.tenant() };
    const body = { name: name!, role: work.options.role };
    printItem(work, await dataOf(work.server.client.POST(ACCOUNTS, { params: { path }, body })));
  });

  const remove = accounts
    .command('delete <account>')
    .description('Delete a service account: its API tokens are rejected');
  does(frame, remove, async ({ server, terminal }, reference) => {
    const tenantId = await server.tenant();
    const serviceAccountId = await accountIdOf(server, tenantId, reference!);
    const params = { path: { tenantId, serviceAccountId } };
    await dataOf(server.client.DELETE(`${ACCOUNTS}/{serviceAccountId}`, { params }));
    terminal.fail(`The service account ${reference} is deleted.\n`);
  });
}

/** @throws Refusal for one that does not exist: the parser of a list replaces the check of the choices */
function requirePermissions(permissions: readonly string[]): void {
  const known: readonly string[] = choices.NewApiToken.permissions;
  const unknown = permissions.find((permission) => !known.includes(permission));
  if (unknown !== undefined)
    throw new Refusal(`${unknown} is no permission of API tokens; there are ${known.join(', ')}`);
}
