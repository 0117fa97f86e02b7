import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { chainOf } from '../authority-chain.js';
import { authoritiesQuery, itemsOf } from '../queries.js';
import { useTenant } from '../tenant.js';
import { Badge } from './badge.js';
import { Loaded } from './page.js';
import { Time } from './time.js';

/** The authorities from an issuer up to its root, each with its state. */
export function CertificateChain({ caId }: { readonly caId: string }) {
  const { tenantId, slug: tenant } = useTenant();
  const list = itemsOf(useInfiniteQuery(authoritiesQuery(tenantId)));
  return (
    <Loaded query={list}>
      {(authorities) => (
        <ol aria-label="Chain" className="space-y-2 border-l-2 border-line pl-4">
          {chainOf(authorities, caId).map(({ id, name, subject, issuer, state, notAfter }) => (
            <li key={id}>
              <Link to="/t/$tenant/authorities/$caId" params={{ tenant, caId: id }}>
                {name}
              </Link>{' '}
              <Badge state={state} /> <span className="break-words">{subject}</span>{' '}
              <span className="text-soft">
                {subject === issuer ? 'root' : 'intermediate'}, ends <Time at={notAfter} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  );
}
