import { useInfiniteQuery } from '@tanstack/react-query';

import { Facts } from '../components/page.js';
import { Time } from '../components/time.js';
import { eventsQuery, itemsOf } from '../queries.js';
import { useTenant } from '../tenant.js';

/** Who used a credential last, and from where, for those who may read the history. */
export function LastUse({ credentialId }: { readonly credentialId: string }) {
  const { tenantId, may } = useTenant();
  const list = itemsOf(
    useInfiniteQuery({ ...eventsQuery(tenantId, { credentialId, limit: 20 }), enabled: may('audit:read') }),
  );
  const use = list.data?.find(({ actor }) => actor.type === 'service');
  if (use === undefined) return null;
  return (
    <div className="mt-3">
      <Facts
        facts={[
          { name: 'Last use in the history', value: <Time at={use.occurredAt} /> },
          { name: 'By', value: use.actor.name ?? use.actor.id },
          { name: 'From', value: use.sourceAddress ?? 'unknown' },
          { name: 'For', value: <code>{use.action}</code> },
        ]}
      />
    </div>
  );
}
