import { queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { choices, dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Refusal, SelectField } from '../components/form.js';
import { Card, Facts, Loaded, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { ExactTime, Time } from '../components/time.js';
import { type Schemas, optionsOf, pagesOf, useChange } from '../queries.js';
import { reasonOf } from '../reasons.js';
import { restOf, rotationFilterText } from '../rotation-filter.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { StartRotation } from './start-rotation.js';

const route = getRouteApi('/signed-in/t/$tenant/rotations/$rotationId');
const ROTATION = '/v1/tenants/{tenantId}/credential-rotations/{rotationId}';
const ASKED_EVERY_MILLISECONDS = 2_000;

type Rotation = Schemas['CredentialRotation'];
type ItemState = Schemas['CredentialRotationItem']['state'];

const rotationQuery = (tenantId: string, rotationId: string) =>
  queryOptions({
    queryKey: [tenantId, 'credential-rotations', rotationId],
    queryFn: () => dataOf(client.GET(ROTATION, { params: { path: { tenantId, rotationId } } })),
    refetchInterval: ({ state: { data } }) => (data?.state === 'running' ? ASKED_EVERY_MILLISECONDS : false),
  });

export function RotationJobPage() {
  const { rotationId } = route.useParams();
  const { tenantId } = useTenant();
  const rotation = useQuery(rotationQuery(tenantId, rotationId));
  return (
    <Loaded title="Rotation" query={rotation}>
      {(data) => <RotationJob rotation={data} />}
    </Loaded>
  );
}

function RotationJob({ rotation }: { readonly rotation: Rotation }) {
  const { tenantId, slug: tenant, reason } = useTenant();
  const navigate = useNavigate();
  const [again, setAgain] = useState(false);
  const { id: rotationId, state, filter, total, rotated, rejected } = rotation;
  const cancel = useChange(() =>
    dataOf(client.POST(`${ROTATION}/cancel`, { params: { path: { tenantId, rotationId } } })),
  );
  const mayWrite = reason('services:write');
  const over = state === 'running' ? undefined : `It is ${state}`;
  const rest = state === 'running' ? 'It still runs' : rotated === total ? 'All of them were rotated' : undefined;
  const done = rotated + rejected;
  return (
    <Page
      title="Rotation"
      introduction={rotationFilterText(filter)}
      actions={
        <>
          <Button reason={mayWrite ?? over} onClick={() => cancel.mutate(undefined)}>
            Cancel the rotation
          </Button>
          <Button reason={mayWrite ?? rest} onClick={() => setAgain(true)}>
            Rotate what remains
          </Button>
        </>
      }
    >
      <Refusal error={cancel.error} />
      <Card>
        <div className="mb-3">
          <label className="block text-sm" htmlFor="progress">
            {done} of {total} are done
          </label>
          <progress id="progress" className="h-3 w-full accent-accent" max={Math.max(1, total)} value={done} />
        </div>
        <div role="status">
          <Facts
            facts={[
              { name: 'State', value: <Badge state={state} /> },
              { name: 'Rotated', value: rotated },
              { name: 'Rejected', value: rejected },
            ]}
          />
        </div>
        <div className="mt-2">
          <Facts
            facts={[
              {
                name: 'Overlap',
                value: `${(rotation.overlapSeconds / 3_600).toLocaleString('en-GB', { maximumFractionDigits: 1 })} h`,
              },
              { name: 'Inactive ones are deleted first', value: rotation.deleteInactive ? 'yes' : 'no' },
              { name: 'Requested (UTC)', value: <ExactTime at={rotation.createdAt} /> },
              { name: 'Ended', value: <Time at={rotation.endedAt} never="not yet" /> },
            ]}
          />
        </div>
      </Card>
      <Report rotation={rotation} />
      {again && (
        <StartRotation
          filter={restOf(filter, rotation.createdAt)}
          onClose={() => setAgain(false)}
          onStarted={({ id }) => {
            setAgain(false);
            void navigate({ to: '/t/$tenant/rotations/$rotationId', params: { tenant, rotationId: id } });
          }}
        />
      )}
    </Page>
  );
}

/** The outcome for each credential. */
function Report({ rotation: { id: rotationId, rotated, rejected } }: { readonly rotation: Rotation }) {
  const { tenantId, slug: tenant } = useTenant();
  const [state, setState] = useState<ItemState>();
  const list = useInfiniteQuery(
    // Read again with each step of the job.
    pagesOf([tenantId, 'credential-rotations', rotationId, 'items', state, rotated + rejected], (page) =>
      dataOf(
        client.GET(`${ROTATION}/items`, {
          params: { path: { tenantId, rotationId }, query: { ...(state === undefined ? {} : { state }), ...page } },
        }),
      ),
    ),
  );
  return (
    <Card title="Report">
      <SelectField
        label="Show"
        value={state ?? ''}
        onChange={({ target: { value } }) => setState(value === '' ? undefined : (value as ItemState))}
        options={[{ value: '', label: 'all' }, ...optionsOf(choices.CredentialRotationItem.state)]}
      />
      <PagedTable
        list={list}
        empty="There are none."
        label="Report"
        keyOf={({ credentialId }) => credentialId}
        columns={[
          {
            name: 'Credential',
            cell: ({ credentialId, serviceId }) => (
              <Link to="/t/$tenant/services/$serviceId" params={{ tenant, serviceId }}>
                {credentialId}
              </Link>
            ),
          },
          { name: 'Outcome', cell: (item) => <Badge state={item.state} /> },
          { name: 'Successor', cell: ({ successorId }) => <code>{successorId ?? ''}</code> },
          { name: 'Reason', cell: ({ code }) => (code === null ? '' : reasonOf(code)) },
          { name: 'When', cell: ({ finishedAt, dueAt }) => <Time at={finishedAt ?? dueAt} never="" /> },
        ]}
      />
    </Card>
  );
}
