import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { type components, choices, dataOf } from '#sdk';

import { Refusal, exitCodes } from '../terminal.js';
import { type Frame, type Work, choice, does, everyItem, namedMembers, printItem, wholeNumber } from './command.js';
import { progressBar } from './progress.js';
import { serviceIdOf } from './services.js';
import { proofOf } from './step-up.js';
import { tableOf } from './table.js';

const ROTATE = '/v1/tenants/{tenantId}/credentials:rotate';
const ROTATION = '/v1/tenants/{tenantId}/credential-rotations/{rotationId}';
const ITEMS = '/v1/tenants/{tenantId}/credential-rotations/{rotationId}/items';
const POLL_MILLISECONDS = 500;

type Rotation = components['schemas']['CredentialRotation'];
type Item = components['schemas']['CredentialRotationItem'];

interface RotateOptions {
  readonly service?: string;
  readonly authType?: (typeof choices.NewCredential.authType)[number];
  readonly name?: string;
  readonly expiresBefore?: string;
  readonly createdBefore?: string;
  readonly unusedSince?: string;
  readonly all?: boolean;
  readonly overlap: number;
  readonly deleteInactive?: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
}

/** Rotates many credentials by one command, and shows how far it is. */
export function addRotateCommand(frame: Frame, credentials: Command): void {
  const rotate = credentials
    .command('rotate')
    .description('Rotate all selected active credentials and wait for completion')
    .option('--service <service>', 'only those of this service, by its id or name')
    .addOption(choice('--auth-type <type>', 'only those of this type', choices.NewCredential.authType))
    .option('--name <name>', 'only those with this name')
    .option('--expires-before <instant>', 'only those that expire before this time')
    .option('--created-before <instant>', 'only those created before this time')
    .option('--unused-since <instant>', 'only those without use since this time')
    .option('--all', 'every credential of the tenant')
    .option('--overlap <seconds>', 'how long the old ones are also accepted', wholeNumber, 0)
    .option(
      '--delete-inactive',
      'first delete the discarded credential of each service and type; asks for your password',
    )
    .option('--dry-run', 'show what would be rotated; change nothing')
    .option('--no-wait', 'return after the start');
  does<RotateOptions>(frame, rotate, async (work) => {
    const { server, options } = work;
    const { deleteInactive = false, dryRun = false, overlap: overlapSeconds } = options;
    const path = { tenantId: await server.tenant() };
    const filter = await filterOf(work, path.tenantId);
    const proof = deleteInactive && !dryRun ? await proofOf(work, 'Delete inactive credentials') : undefined;
    const body = { filter, overlapSeconds, deleteInactive, dryRun, ...proof?.body };
    const params = { path, header: { ...proof?.header } };
    const started = await dataOf(server.client.POST(ROTATE, { params, body }));
    if (!('id' in started) || !options.wait) return printItem(work, started);
    const ended = await followed(work, path.tenantId, started);
    const rejected = ended.rejected === 0 ? [] : await rejectedItems(work, { ...path, rotationId: ended.id });
    if (options.json) printItem(work, { ...ended, rejections: rejected });
    else {
      printItem(work, ended);
      if (rejected.length > 0) work.terminal.write(`\n${tableOf(rejected, REJECTED)}`);
    }
    return ended.state === 'completed' && ended.rejected === 0 ? exitCodes.done : exitCodes.rejected;
  });
}

const REJECTED = {
  rejected: (item: Item) => item.credentialId,
  service: (item: Item) => item.serviceId,
  code: (item: Item) => item.code,
};

/** @throws Refusal where nothing is selected by a word: everything must be said */
async function filterOf({ server, options }: Work<RotateOptions>, tenantId: string) {
  const { service, authType, name, expiresBefore, createdBefore, unusedSince, all = false } = options;
  const serviceId = service && (await serviceIdOf(server, tenantId, service));
  const filter = namedMembers({ serviceId, authType, name, expiresBefore, createdBefore, unusedSince });
  if (all === Object.keys(filter).length > 0) throw new Refusal('Which credentials? Say --all, or a filter');
  return filter;
}

async function followed({ server, terminal }: Work<RotateOptions>, tenantId: string, started: Rotation) {
  const bar = progressBar(terminal, 'Rotating');
  let rotation = started;
  while (rotation.state === 'running') {
    bar.show(rotation.rotated + rotation.rejected, rotation.total);
    await sleep(POLL_MILLISECONDS);
    const params = { path: { tenantId, rotationId: started.id } };
    rotation = await dataOf(server.client.GET(ROTATION, { params }));
  }
  bar.end();
  return rotation;
}

async function rejectedItems({ server }: Work<RotateOptions>, path: { tenantId: string; rotationId: string }) {
  const items = await everyItem((query) => dataOf(server.client.GET(ITEMS, { params: { path, query } })));
  return items.filter(({ state }) => state === 'rejected');
}
