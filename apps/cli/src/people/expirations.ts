import { dataOf } from '#sdk';

import { type Frame, type ListOptions, does, group, namedMembers, printList, withListOptions } from './command.js';

const EXPIRATIONS = '/v1/tenants/{tenantId}/expirations';

interface Filter extends ListOptions {
  readonly before?: string;
}

export function addExpirationCommands(frame: Frame): void {
  const expirations = group(frame, 'expirations', 'What will expire or change by itself');
  const list = withListOptions(
    expirations.command('list').description('List upcoming expiries and rotations, soonest first'),
  ).option('--before <instant>', 'only what happens before');
  does<Filter>(frame, list, async (work) => {
    const { client, tenant } = work.server;
    const path = { tenantId: await tenant() };
    const query = namedMembers({ before: work.options.before });
    const read = (page: object) => dataOf(client.GET(EXPIRATIONS, { params: { path, query: { ...page, ...query } } }));
    await printList(work, read, {
      due: (item) => item.dueAt,
      happens: (item) => item.happens,
      kind: (item) => item.kind,
      name: (item) => item.name ?? item.kid,
      id: (item) => item.id,
    });
  });
}
