import type { ReactNode } from 'react';

import { differences } from '../difference.js';
import type { HistorySearch } from '../history-filter.js';
import type { Schemas } from '../queries.js';
import { Badge } from './badge.js';
import { Differences } from './differences.js';
import { Card, Facts, Page } from './page.js';
import { ExactTime } from './time.js';

interface EventDetailsProps {
  readonly event: Schemas['AuditEvent'];
  /** Leads to the events that the filters select. */
  readonly link: (text: string, search: HistorySearch) => ReactNode;
  /** What can be done with the event. */
  readonly children: ReactNode;
}

/** Why the personal fields of an event are not shown; `undefined` where they are. */
function missingOf({ erased, altered, personal }: Schemas['AuditEvent']): string | undefined {
  if (erased) return `erased, with the key of ${personal?.month ?? 'their month'}`;
  return altered ? 'not as they were recorded: the database was changed' : undefined;
}

/** One event: what it says, what it changed, and the ways to what belongs to it. */
export function EventDetails({ event, link, children }: EventDetailsProps) {
  const changes = differences(event.before, event.after);
  const { actor, target } = event;
  const missing = missingOf(event);
  return (
    <Page title={event.action} introduction={`Event ${event.sequence} of the history`}>
      <Card>
        <Facts
          facts={[
            { name: 'When (UTC)', value: <ExactTime at={event.occurredAt} /> },
            { name: 'Outcome', value: <Badge state={event.outcome} /> },
            { name: 'Who', value: link(`${actor.name ?? actor.id} (${actor.type})`, { actor: actor.id }) },
            { name: 'From', value: event.sourceAddress ?? missing ?? 'not over the network' },
            {
              name: 'Target',
              value: link(`Life of this ${target.type.replaceAll('_', ' ')}`, { targetId: target.id, order: 'asc' }),
            },
            { name: 'Request', value: link(event.requestId, { requestId: event.requestId }) },
            ...(event.credentialId === undefined
              ? []
              : [{ name: 'Credential', value: link(event.credentialId, { credentialId: event.credentialId }) }]),
            ...(event.kid === undefined ? [] : [{ name: 'kid', value: link(event.kid, { kid: event.kid }) }]),
            ...(event.tokenId === undefined
              ? []
              : [{ name: 'Token', value: link(event.tokenId, { tokenId: event.tokenId }) }]),
            ...(missing === undefined ? [] : [{ name: 'Personal fields', value: missing }]),
            { name: 'Leaf hash', value: <code>{event.leafHash}</code> },
          ]}
        />
        <div className="mt-3">{children}</div>
      </Card>
      {changes.length > 0 && (
        <Card title="What changed">
          <Differences label="What changed" changes={changes} />
        </Card>
      )}
      {event.details !== undefined && (
        <Card title="Details">
          <pre tabIndex={0} className="overflow-x-auto">
            {JSON.stringify(event.details, null, 2)}
          </pre>
        </Card>
      )}
    </Page>
  );
}
