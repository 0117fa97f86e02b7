import type { Command } from 'commander';

import { dataOf } from '#sdk';

import { Refusal } from '../terminal.js';
import {
  type Frame,
  type ListOptions,
  type Work,
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
import { jsonObjectIn } from './input-file.js';
import { serviceIdOf } from './services.js';

const TRUSTS = '/v1/tenants/{tenantId}/services/{serviceId}/trusts';

interface OfService {
  readonly service: string;
}

interface NewTrust extends OfService {
  readonly issuer: string;
  readonly audience: string;
  readonly subject?: string;
  readonly claim?: string[];
  readonly jwks?: string;
  readonly ttl?: number;
  readonly singleUse?: boolean;
}

const ofService = (command: Command): Command =>
  command.requiredOption('--service <service>', 'the service, by its id or name');

async function pathOf({ server, options }: Work<OfService>) {
  const tenantId = await server.tenant();
  return { tenantId, serviceId: await serviceIdOf(server, tenantId, options.service) };
}

async function trustPathOf(work: Work<OfService>, reference: string) {
  const path = await pathOf(work);
  const find = (name: string) => dataOf(work.server.client.GET(TRUSTS, { params: { path, query: { name } } }));
  return { ...path, trustId: await idOf(reference, find) };
}

export function addTrustCommands(frame: Frame): void {
  const trusts = group(frame, 'trusts', 'Workloads that act as a service by tokens of their own issuers');

  const list = withListOptions(ofService(trusts.command('list').description('List the trusts of a service')));
  does<ListOptions & OfService>(frame, list, async (work) => {
    const path = await pathOf(work);
    await printList(work, (query) => dataOf(work.server.client.GET(TRUSTS, { params: { path, query } })), {
      name: (trust) => trust.name,
      id: (trust) => trust.id,
      issuer: (trust) => trust.issuer,
      subject: (trust) => trust.subject,
      'last used': (trust) => trust.lastUsedAt,
    });
  });

  const show = ofService(trusts.command('show <trust>').description('Show a trust, by its id or name'));
  does<OfService>(frame, show, async (work, reference) => {
    const path = await trustPathOf(work, reference!);
    printItem(work, await dataOf(work.server.client.GET(`${TRUSTS}/{trustId}`, { params: { path } })));
  });

  const create = ofService(trusts.command('create <name>').description('Let a workload act as a service'))
    .requiredOption('--issuer <url>', 'the issuer of its tokens')
    .requiredOption('--audience <text>', 'their one aud, exactly')
    .option('--subject <text>', 'their sub: exact, or with * for a run of characters but / and :')
    .option('--claim <name=value>', 'a further claim, once for each: exact, or with *', collected)
    .option('--jwks <file>', 'the keys of an issuer that the server cannot reach; - reads the standard input')
    .option('--ttl <seconds>', 'for how long a credential is valid', wholeNumber)
    .option('--single-use', 'accept a token once');
  does<NewTrust>(frame, create, async (work, name) => {
    const { issuer, audience, subject, claim = [], jwks, ttl: ttlSeconds, singleUse = false } = work.options;
    const claims = Object.fromEntries(claim.map(pairOf));
    const keySet = await jsonObjectIn(work.terminal, jwks, 'The keys are not a JSON Web Key Set');
    const optional = namedMembers({ subject, ttlSeconds, jwks: keySet });
    const body = { name: name!, issuer, audience, claims, singleUse, ...optional };
    const path = await pathOf(work);
    printItem(work, await dataOf(work.server.client.POST(TRUSTS, { params: { path }, body })));
  });

  const remove = ofService(
    trusts.command('delete <trust>').description('Delete a trust: what its workloads have is rejected'),
  );
  does<OfService>(frame, remove, async (work, reference) => {
    const path = await trustPathOf(work, reference!);
    await dataOf(work.server.client.DELETE(`${TRUSTS}/{trustId}`, { params: { path } }));
    work.terminal.fail(`The trust ${reference} is deleted.\n`);
  });
}

/** @throws Refusal for what is no pair */
function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Refusal(`${text} is no name=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}
