import { useInfiniteQuery, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { TextField } from '../components/form.js';
import { Card, Loaded, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { StepUpForm } from '../components/step-up.js';
import { ExactTime } from '../components/time.js';
import { type MonthsSource, monthsOfInstallation, monthsOfTenant } from '../history-months.js';
import { type Schemas, selfQuery, useChange } from '../queries.js';
import { reasonOf } from '../reasons.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';

/** The months of the history of a tenant, and whether their personal fields can be read. */
export function HistoryMonthsPage() {
  const { tenantId, reason } = useTenant();
  return (
    <Page
      title="Months of the history"
      introduction="E-mail addresses, names of people and source addresses are stored by month and can be erased. A tenant setting erases them automatically after a number of months."
    >
      <Months source={monthsOfTenant(tenantId)} reason={reason('history:erase')} />
    </Page>
  );
}

/** The same of the installation's own history. */
export function PlatformHistoryMonthsPage() {
  const { data: self } = useSuspenseQuery(selfQuery);
  const reason = self.platformPermissions.includes('platform-history:erase')
    ? undefined
    : 'Only for the administrator of the installation (platform-history:erase)';
  return (
    <Page
      title="Months of the installation's history"
      introduction={
        <>
          E-mail addresses, names of people and source addresses are kept month by month, and can be erased.{' '}
          <code>CHANCERY_PERSONAL_DATA_RETENTION_MONTHS</code> erases them automatically after a number of months.
        </>
      }
    >
      <Months source={monthsOfInstallation} reason={reason} />
    </Page>
  );
}

interface MonthsProps {
  readonly source: MonthsSource;
  /** Why the person may not erase one. */
  readonly reason: string | undefined;
}

function Months({ source, reason }: MonthsProps) {
  const [erasing, setErasing] = useState<string>();
  const list = useInfiniteQuery(source.list);
  return (
    <Card title="Personal fields">
      <PagedTable
        list={list}
        empty="No event has personal fields."
        label="Months"
        keyOf={({ id }) => id}
        columns={[
          { name: 'Month (UTC)', cell: ({ month }) => month },
          { name: 'State', cell: ({ state }) => <Badge state={state} /> },
          {
            name: 'Erasure',
            cell: ({ erasableAt, erasedAt }) =>
              erasedAt === null ? (
                <>
                  possible from <ExactTime at={erasableAt} /> on
                </>
              ) : (
                <>
                  erased on <ExactTime at={erasedAt} />
                </>
              ),
          },
          {
            name: 'Action',
            cell: ({ month, state }) =>
              state === 'erased' ? null : (
                <Button aria-label={`Erase ${month}`} reason={reason} onClick={() => setErasing(month)}>
                  Erase
                </Button>
              ),
          },
        ]}
      />
      {erasing !== undefined && <EraseMonth source={source} month={erasing} onClose={() => setErasing(undefined)} />}
    </Card>
  );
}

interface EraseMonthProps {
  readonly source: MonthsSource;
  readonly month: string;
  readonly onClose: () => void;
}

/** What the erasure would do, by a dry run; and the erasure, where the server would accept it. */
function EraseMonth({ source, month, onClose }: EraseMonthProps) {
  const dryRun = useQuery({
    queryKey: [...source.list.queryKey, month, 'dry-run'],
    queryFn: () => source.dryRun(month),
    staleTime: 0,
  });
  const erase = useChange((header: StepUpHeader) => source.erase(month, header), onClose);
  return (
    <Dialog title={`Erase the personal fields of ${month}?`} onClose={onClose}>
      <Loaded query={dryRun}>
        {(foreseen) =>
          foreseen.allowed ? (
            <StepUpForm
              submit="Yes, Erase"
              danger
              call={erase}
              onCancel={onClose}
              onSubmit={(_, header) => erase.mutate(header)}
            >
              <ul className="mb-3 list-disc space-y-1 pl-5">
                <li>
                  E-mail addresses, names of people and source addresses of all events of the month are permanently
                  erased. This cannot be undone.
                </li>
                <li>The events and the ids of their actors remain, and every proof remains valid.</li>
                <li>Filters by e-mail address or source address no longer find these events.</li>
                <li>Earlier backups still contain the fields: delete them, too.</li>
              </ul>
              <TextField label={`Type ${month} to confirm`} name="confirm" pattern={month} required />
            </StepUpForm>
          ) : (
            <Rejected foreseen={foreseen} onClose={onClose} />
          )
        }
      </Loaded>
    </Dialog>
  );
}

interface RejectedProps {
  readonly foreseen: Schemas['HistoryErasureDryRun'];
  readonly onClose: () => void;
}

const Rejected = ({ foreseen: { code = '', impact }, onClose }: RejectedProps) => (
  <>
    <p className="mb-3">
      {reasonOf(code)}. {impact.month} can be erased from <ExactTime at={impact.erasableAt} /> (UTC) on.
    </p>
    <Button look="main" onClick={onClose}>
      Close
    </Button>
  </>
);
