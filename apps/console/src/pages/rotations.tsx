import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Card, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { Time } from '../components/time.js';
import { rotationFilterText } from '../rotation-filter.js';
import { useTenant } from '../tenant.js';
import { StartRotation, rotationsQuery } from './start-rotation.js';

/** Rotations of many credentials: those that run, and those of the last 90 days. */
export function RotationsPage() {
  const { tenantId, slug: tenant, reason } = useTenant();
  const navigate = useNavigate();
  const [starting, setStarting] = useState(false);
  const list = useInfiniteQuery(rotationsQuery(tenantId));
  return (
    <Page
      title="Rotations"
      introduction="Replace many credentials with one request: each gets a successor and is discarded when its overlap ends."
      actions={
        <Button look="main" reason={reason('services:write')} onClick={() => setStarting(true)}>
          Rotate credentials
        </Button>
      }
    >
      <Card>
        <PagedTable
          list={list}
          empty="There were no rotations in the last 90 days."
          label="Rotations"
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Requested',
              cell: ({ id, createdAt }) => (
                <Link to="/t/$tenant/rotations/$rotationId" params={{ tenant, rotationId: id }}>
                  <Time at={createdAt} />
                </Link>
              ),
            },
            { name: 'State', cell: ({ state }) => <Badge state={state} /> },
            { name: 'Selected', cell: ({ filter }) => rotationFilterText(filter) },
            { name: 'Rotated', cell: ({ rotated, total }) => `${rotated} of ${total}` },
            { name: 'Rejected', cell: ({ rejected }) => rejected },
          ]}
        />
      </Card>
      {starting && (
        <StartRotation
          onClose={() => setStarting(false)}
          onStarted={({ id }) =>
            void navigate({ to: '/t/$tenant/rotations/$rotationId', params: { tenant, rotationId: id } })
          }
        />
      )}
    </Page>
  );
}
