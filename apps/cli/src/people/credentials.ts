import type { Command } from 'commander';

import { choices, dataOf } from '#sdk';

import {
  type Frame,
  type ListOptions,
  type Work,
  choice,
  does,
  group,
  namedMembers,
  printItem,
  printList,
  wholeNumber,
  withListOptions,
} from './command.js';
import { addRotateCommand } from './credential-rotation.js';
import { type SecretOptions, shown, withSecretOptions, withSecrets } from './secrets.js';
import { serviceIdOf } from './services.js';
import { proofOf } from './step-up.js';

const OF_TENANT = '/v1/tenants/{tenantId}/credentials';
const OF_SERVICE = '/v1/tenants/{tenantId}/services/{serviceId}/credentials';
const CREDENTIAL = '/v1/tenants/{tenantId}/services/{serviceId}/credentials/{credentialId}';

type AuthType = (typeof choices.NewCredential.authType)[number];
type State = (typeof choices.Credential.state)[number];

interface Filter extends ListOptions {
  readonly service?: string;
  readonly authType?: AuthType;
  readonly state?: State;
  readonly name?: string;
  readonly expiresBefore?: string;
  readonly createdBefore?: string;
  readonly unusedSince?: string;
}

interface OfService {
  readonly service: string;
}

interface NewCredential extends OfService, SecretOptions {
  readonly authType: AuthType;
  readonly name?: string;
  readonly expiresAt?: string;
}

const ofService = (command: Command): Command =>
  command.requiredOption('--service <service>', 'the service, by its id or name');

async function pathOf({ server, options }: Work<OfService>, credentialId: string) {
  const tenantId = await server.tenant();
  return { path: { tenantId, serviceId: await serviceIdOf(server, tenantId, options.service), credentialId } };
}

export function addCredentialCommands(frame: Frame): void {
  const credentials = group(frame, 'credentials', 'Service keys and JWT credentials of services');
  addList(frame, credentials);
  addCreate(frame, credentials);
  addChanges(frame, credentials);
  addRotateCommand(frame, credentials);
}

function addList(frame: Frame, credentials: Command): void {
  const list = withListOptions(credentials.command('list').description('List credentials, without their secrets'))
    .option('--service <service>', 'only those of this service, by its id or name')
    .addOption(choice('--auth-type <type>', 'only those of this type', choices.NewCredential.authType))
    .addOption(choice('--state <state>', 'only those in this state', choices.Credential.state))
    .option('--name <name>', 'only those with this name')
    .option('--expires-before <instant>', 'only those that expire before this time')
    .option('--created-before <instant>', 'only those created before this time')
    .option('--unused-since <instant>', 'only those without use since this time');
  does<Filter>(frame, list, async (work) => {
    const { server, options } = work;
    const { service, authType, state, name, expiresBefore, createdBefore, unusedSince } = options;
    const path = { tenantId: await server.tenant() };
    const serviceId = service && (await serviceIdOf(server, path.tenantId, service));
    const query = namedMembers({ serviceId, authType, state, name, expiresBefore, createdBefore, unusedSince });
    await printList(
      work,
      (page) => dataOf(server.client.GET(OF_TENANT, { params: { path, query: { ...page, ...query } } })),
      {
        id: (credential) => credential.id,
        service: (credential) => credential.serviceId,
        type: (credential) => credential.authType,
        state: (credential) => credential.state,
        secret: (credential) => credential.secretMasked,
        expires: (credential) => credential.expiresAt,
        'last used': (credential) => credential.lastUsedAt,
      },
    );
  });

  const show = ofService(credentials.command('show <credential>').description('Show a credential, without its secret'));
  does<OfService>(frame, show, async (work, id) => {
    printItem(work, await dataOf(work.server.client.GET(CREDENTIAL, { params: await pathOf(work, id!) })));
  });
}

function addCreate(frame: Frame, credentials: Command): void {
  const create = withSecretOptions(ofService(credentials.command('create').description('Create a credential')))
    .addOption(choice('--auth-type <type>', 'its type', choices.NewCredential.authType).makeOptionMandatory())
    .option('--name <name>', 'a display name')
    .option('--expires-at <instant>', 'when it expires; default: never');
  does<NewCredential>(frame, create, async (work) => {
    const { authType, name, expiresAt } = work.options;
    const { path } = await pathOf(work, '');
    const body = { authType, ...namedMembers({ name, expiresAt }) };
    const created = await withSecrets(
      work,
      () => dataOf(work.server.client.POST(OF_SERVICE, { params: { path }, body })),
      ({ id, secret }) => ({ credentialId: id, secret }),
    );
    printItem(work, shown(work, created));
  });

  const regenerate = withSecretOptions(
    ofService(credentials.command('regenerate <credential>').description('Replace a credential with a successor')),
  ).option('--overlap <seconds>', 'how long both are accepted', wholeNumber);
  does<OfService & SecretOptions & { readonly overlap?: number }>(frame, regenerate, async (work, id) => {
    const { overlap: overlapSeconds = 0 } = work.options;
    const params = await pathOf(work, id!);
    const successor = await withSecrets(
      work,
      () => dataOf(work.server.client.POST(`${CREDENTIAL}/regenerate`, { params, body: { overlapSeconds } })),
      (answer) => ({ credentialId: answer.id, secret: answer.secret }),
    );
    printItem(work, shown(work, successor));
  });

  const reveal = ofService(credentials.command('reveal <credential>').description('Print the secret of a credential'));
  does<OfService>(frame, reveal, async (work, id) => {
    const params = await pathOf(work, id!);
    const revealed = await dataOf(work.server.client.POST(`${CREDENTIAL}/reveal`, { params }));
    if (work.options.json) return printItem(work, revealed);
    work.terminal.write(`${revealed.secret}\n`);
  });
}

function addChanges(frame: Frame, credentials: Command): void {
  const discard = credentials
    .command('discard <credential>')
    .description('Discard a credential: it is rejected until reactivated');
  does<OfService>(frame, ofService(discard), async (work, id) => {
    const params = await pathOf(work, id!);
    printItem(work, await dataOf(work.server.client.POST(`${CREDENTIAL}/discard`, { params })));
  });

  const reactivate = credentials.command('reactivate <credential>').description('Reactivate a discarded credential');
  does<OfService>(frame, ofService(reactivate), async (work, id) => {
    const params = await pathOf(work, id!);
    printItem(work, await dataOf(work.server.client.POST(`${CREDENTIAL}/reactivate`, { params })));
  });

  const compromise = credentials
    .command('compromise <credential>')
    .description('Mark a credential as compromised: it is permanently rejected')
    .option('--reason <text>', 'for the history');
  does<OfService & { readonly reason?: string }>(frame, ofService(compromise), async (work, id) => {
    const params = await pathOf(work, id!);
    const body = namedMembers({ reason: work.options.reason });
    const answer = await dataOf(work.server.client.POST(`${CREDENTIAL}/compromise`, { params, body }));
    const { successor, ...rest } = answer as typeof answer & { successor?: { id: string } };
    // The secret of the successor is read by `reveal`.
    printItem(work, successor === undefined ? rest : { ...rest, successorId: successor.id });
  });

  const remove = credentials
    .command('delete <credential>')
    .description('Delete a credential that is not active: its secret is erased; asks for your password');
  does<OfService>(frame, ofService(remove), async (work, id) => {
    const params = await pathOf(work, id!);
    const { body, header } = await proofOf(work, `Delete ${id}`);
    await dataOf(work.server.client.DELETE(CREDENTIAL, { params: { ...params, header }, body }));
    work.terminal.fail(`The credential ${id} is deleted.\n`);
  });
}
