import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { dataOf } from '#sdk';

import { type Change, type Things, changesBetween, nameOf } from '../as-of.js';
import { COMPARED_PAGES_MAX, type Progress, type ReadThings, readBoth } from '../as-of-comparison.js';
import { AS_OF_KINDS, type AsOfKind, asOfKinds } from '../as-of-kinds.js';
import { daysAhead } from '../calendar.js';
import { now } from '../clock.js';
import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Differences } from '../components/differences.js';
import { Form, Refusal, TextField } from '../components/form.js';
import { Card, Empty, Facts, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { ExactTime } from '../components/time.js';
import { fieldOfInstant, instantOfField } from '../instant-field.js';
import { pagesOf } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const route = getRouteApi('/signed-in/t/$tenant/as-of');
const AS_OF = '/v1/tenants/{tenantId}/as-of';
/** Things on a page of those that are compared. */
const PAGE_SIZE = 200;

interface PageAsked {
  readonly cursor?: string;
  readonly limit?: number;
}

async function pageOf(tenantId: string, at: string, kind: AsOfKind, page: PageAsked, signal?: AbortSignal) {
  const params = { path: { tenantId }, query: { at, kind, ...page } };
  const answer = await dataOf(client.GET(AS_OF, { params, ...(signal && { signal }) }));
  return answer[kind] ?? { items: [], nextCursor: null };
}

const thingsQuery = (tenantId: string, at: string, kind: AsOfKind) =>
  pagesOf([tenantId, 'as-of', at, kind], async (page) => {
    const { items, nextCursor } = await pageOf(tenantId, at, kind, page);
    return { items: items as Things[AsOfKind] & {}, nextCursor };
  });

export function AsOfPage() {
  const { slug: tenant } = useTenant();
  const { at, profile } = route.useSearch();
  const navigate = useNavigate();
  const [start] = useState(now);
  const shown = at ?? daysAhead(start, 0);
  return (
    <Page
      title="As of"
      introduction="The resources of the tenant at a past time, and who could have a token signed. Rebuilt from the events of the history."
    >
      <Card>
        <Form
          key={`${shown} ${profile}`}
          submit="Show"
          onSubmit={({ instant = '', profile: asked }) =>
            void navigate({
              to: '/t/$tenant/as-of',
              params: { tenant },
              search: { at: instantOfField(instant), ...(asked === undefined ? {} : { profile: asked }) },
            })
          }
        >
          <div className="grid gap-x-4 sm:grid-cols-2">
            <TextField
              label="Instant (UTC)"
              name="instant"
              type="datetime-local"
              step={0.001}
              defaultValue={fieldOfInstant(shown)}
              required
            />
            <TextField
              label="Token profile (optional)"
              name="profile"
              defaultValue={profile}
              hint="Who could have a token signed with it"
            />
          </div>
        </Form>
      </Card>
      {profile !== undefined && <Signers key={`${shown} ${profile} signers`} at={shown} profile={profile} />}
      <Comparison key={`${shown} comparison`} at={shown} />
      {asOfKinds.map((kind) => (
        <Kind key={`${shown} ${kind}`} at={shown} kind={kind} />
      ))}
    </Page>
  );
}

function Kind({ at, kind }: { readonly at: string; readonly kind: AsOfKind }) {
  const { tenantId, slug: tenant } = useTenant();
  const list = useInfiniteQuery(thingsQuery(tenantId, at, kind));
  return (
    <Card title={AS_OF_KINDS[kind]}>
      <PagedTable
        list={list}
        empty="There were none."
        label={AS_OF_KINDS[kind]}
        keyOf={({ id }) => id}
        columns={[
          { name: 'Name', cell: nameOf },
          {
            name: kind === 'members' ? 'Role' : kind === 'tokenProfiles' ? 'Format' : 'State',
            cell: (thing) => <Badge state={String(thing['state'] ?? thing['role'] ?? thing['format'])} />,
          },
          {
            name: 'Life',
            cell: (thing) => (
              <Link to="/t/$tenant/history" params={{ tenant }} search={{ targetId: thing.id, order: 'asc' }}>
                its events<span className="sr-only"> ({nameOf(thing)})</span>
              </Link>
            ),
          },
          {
            name: 'All values',
            cell: (thing) => (
              <details>
                <summary className="cursor-pointer">
                  {thing['isComplete'] === false
                    ? `incomplete: ${String(thing['missing']).replaceAll('_', ' ')}`
                    : 'show'}
                </summary>
                <pre tabIndex={0} className="max-h-60 max-w-80 overflow-auto">
                  {JSON.stringify(thing, null, 2)}
                </pre>
              </details>
            ),
          },
        ]}
      />
    </Card>
  );
}

/** Reads what there was at an instant and what there is now, and compares both in the browser. */
function useComparison(at: string) {
  const { tenantId } = useTenant();
  const [progress, setProgress] = useState<Progress>();
  const stopping = useRef<AbortController>(undefined);
  const compare = useMutation({
    mutationFn: async (by: AbortController) => {
      // The clock of the server, to the millisecond: that of the browser may be behind.
      const params = { path: { tenantId }, query: { limit: 1 } };
      const present = await dataOf(client.GET(AS_OF, { params, signal: by.signal }));
      const read: ReadThings = async ({ at: instant, kind }, cursor, signal) => {
        const page = { limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
        const { items, nextCursor } = await pageOf(tenantId, instant, kind, page, signal);
        return { items: items as NonNullable<Things[AsOfKind]>, nextCursor };
      };
      const { before, after, isComplete } = await readBoth([at, present.at], read, setProgress, by);
      return { changes: changesBetween(before, after), isComplete };
    },
  });
  // A page that is left reads no more.
  useEffect(() => () => stopping.current?.abort(), []);
  return {
    ...compare,
    progress,
    begin: () => {
      setProgress(undefined);
      stopping.current = new AbortController();
      compare.mutate(stopping.current);
    },
    cancel: () => {
      stopping.current?.abort();
      compare.reset();
    },
  };
}

function Comparison({ at }: { readonly at: string }) {
  const { begin, cancel, isPending, progress, error, data } = useComparison(at);
  return (
    <Card
      title="What changed since"
      actions={
        <>
          <Button reason={isPending ? 'The server has not responded yet' : undefined} onClick={begin}>
            Compare with now
          </Button>
          <Button reason={isPending ? undefined : 'No comparison is running'} onClick={cancel}>
            Cancel the comparison
          </Button>
        </>
      }
    >
      <Refusal error={error} />
      {isPending && <Reading {...progress} />}
      {data !== undefined && <Changes {...data} />}
      {!isPending && data === undefined && (
        <p className="text-soft">
          From <ExactTime at={at} /> to now.
        </p>
      )}
    </Card>
  );
}

/** How far the comparison is. */
function Reading({ things = 0, lists = 0, listsTotal = 1 }: Partial<Progress>) {
  return (
    <>
      <label className="block text-sm" htmlFor="compared">
        {things.toLocaleString('en-GB')} things were read
      </label>
      <progress id="compared" className="h-3 w-full accent-accent" max={listsTotal} value={lists} />
    </>
  );
}

function Changes({ changes, isComplete }: { readonly changes: readonly Change[]; readonly isComplete: boolean }) {
  return (
    <>
      {!isComplete && (
        <p role="status" className="mb-2">
          There are more things than are compared here: only the first {COMPARED_PAGES_MAX * PAGE_SIZE} of each kind
          are.
        </p>
      )}
      {changes.length === 0 ? (
        <Empty>Nothing changed.</Empty>
      ) : (
        <ul aria-label="What changed since" className="space-y-3">
          {changes.map(({ kind, id, name, what, differences }) => (
            <li key={`${kind} ${id}`}>
              <Badge state={what} /> {AS_OF_KINDS[kind as AsOfKind]}: <span className="break-words">{name}</span>
              {differences.length > 0 && <Differences label={`Changes of ${name}`} changes={differences} />}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Why no caller could have had a token, for people. */
const refusalText = (refusal: string): string => refusal.replaceAll('_', ' ').toLowerCase();

function Signers({ at, profile }: { readonly at: string; readonly profile: string }) {
  const { tenantId } = useTenant();
  const list = useInfiniteQuery(
    pagesOf([tenantId, 'as-of', at, 'signers', profile], (page) =>
      dataOf(client.GET(`${AS_OF}/signers`, { params: { path: { tenantId }, query: { at, profile, ...page } } })),
    ),
  );
  const first = list.data?.pages[0] as
    { refusal: string | null; kid: string | null; publicAccess: boolean } | undefined;
  return (
    <Card title={`Who could sign with ${profile}`}>
      {first !== undefined && (
        <Facts
          facts={[
            { name: 'Possible', value: first.refusal === null ? 'yes' : `no: ${refusalText(first.refusal)}` },
            { name: 'kid', value: first.kid === null ? 'none' : <code>{first.kid}</code> },
            { name: 'Callers without a credential', value: first.publicAccess ? 'also accepted' : 'not accepted' },
          ]}
        />
      )}
      <PagedTable
        list={list}
        empty="No service and no workload could."
        label="Possible signers"
        keyOf={({ credentialId, trustId }) => credentialId ?? String(trustId)}
        columns={[
          { name: 'Service', cell: ({ serviceName }) => serviceName },
          {
            name: 'Credential or trust',
            cell: ({ credentialId, trustId }) => <code>{credentialId ?? trustId}</code>,
          },
          {
            name: 'Type',
            cell: ({ authType, issuer }) => authType?.replaceAll('_', ' ') ?? `workload of ${issuer}`,
          },
          { name: 'From', cell: ({ allowedCidrs }) => allowedCidrs.join(', ') || 'anywhere' },
        ]}
      />
    </Card>
  );
}
