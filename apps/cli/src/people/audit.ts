import { type components, choices, dataOf } from '#sdk';

import {
  type Frame,
  type ListOptions,
  choice,
  collected,
  does,
  group,
  namedMembers,
  printItem,
  printList,
  withListOptions,
} from './command.js';
import { proofOf } from './step-up.js';

const EVENTS = '/v1/tenants/{tenantId}/audit-events';
const MONTHS = '/v1/tenants/{tenantId}/history/months';
const ERASE = '/v1/tenants/{tenantId}/history/months/{month}/erase';

type Event = components['schemas']['AuditEvent'];

interface Filter extends ListOptions {
  readonly from?: string;
  readonly to?: string;
  readonly actor?: string;
  readonly action?: string[];
  readonly target?: string;
  readonly outcome?: Event['outcome'];
  readonly kid?: string;
  readonly tokenId?: string;
  readonly request?: string;
}

export function addAuditCommands(frame: Frame): void {
  const audit = group(frame, 'audit', 'The history of a tenant; on the host: of the installation, too');

  const list = withListOptions(audit.command('list').description('List events, newest first'))
    .option('--from <instant>', 'only events at or after this time')
    .option('--to <instant>', 'only events before this time')
    .option('--actor <id>', 'only actions of this user, service or service account')
    .option('--action <name>', 'only this action; repeatable', collected)
    .option('--target <id>', 'only events about this resource')
    .addOption(choice('--outcome <outcome>', 'only with this outcome', choices.AuditEvent.outcome))
    .option('--kid <kid>', 'only events about this key version or certificate')
    .option('--token-id <id>', 'only events about this token')
    .option('--request <id>', 'only events of this request');
  does<Filter>(frame, list, async (work) => {
    const { server, options } = work;
    const { from, to, actor, action, target: targetId, outcome, kid, tokenId, request: requestId } = options;
    const path = { tenantId: await server.tenant() };
    const query = namedMembers({ from, to, actor, action, targetId, outcome, kid, tokenId, requestId });
    await printList(
      work,
      (page) => dataOf(server.client.GET(EVENTS, { params: { path, query: { ...page, ...query } } })),
      {
        number: (event) => event.sequence,
        time: (event) => event.occurredAt,
        actor: (event) => event.actor.name ?? event.actor.id,
        action: (event) => event.action,
        target: (event) => event.target.id,
        outcome: (event) => event.outcome,
      },
    );
  });

  const show = audit.command('show <number>').description('Show an event by its number in the history');
  does(frame, show, async (work, number) => {
    const path = { tenantId: await work.server.tenant(), sequence: number! };
    printItem(work, await dataOf(work.server.client.GET(`${EVENTS}/{sequence}`, { params: { path } })));
  });

  const months = withListOptions(
    audit.command('months').description('List the months of the history, and whether their personal fields are erased'),
  );
  does<ListOptions>(frame, months, async (work) => {
    const path = { tenantId: await work.server.tenant() };
    await printList(work, (query) => dataOf(work.server.client.GET(MONTHS, { params: { path, query } })), {
      month: ({ month }) => month,
      state: ({ state }) => state,
      erasableAt: ({ erasableAt }) => erasableAt,
      erasedAt: ({ erasedAt }) => erasedAt ?? '',
    });
  });

  const erase = audit
    .command('erase <month>')
    .description('Erase the personal fields of a month (YYYY-MM) permanently; asks for your password')
    .option('--dry-run', 'only say whether it would be done');
  does<ListOptions & { readonly dryRun?: boolean }>(frame, erase, async (work, month) => {
    const { server, options, terminal } = work;
    const path = { tenantId: await server.tenant(), month: month! };
    if (options.dryRun) {
      const query = { dryRun: true };
      return printItem(work, await dataOf(server.client.POST(ERASE, { params: { path, query }, body: {} })));
    }
    const { body, header } = await proofOf(work, `Erase the personal fields of ${month}`);
    await dataOf(server.client.POST(ERASE, { params: { path, header }, body }));
    terminal.fail(`The personal fields of ${month} are erased.\n`);
  });
}
