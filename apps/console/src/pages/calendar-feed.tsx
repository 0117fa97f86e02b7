import { useState } from 'react';
import { dataOf } from '#sdk';

import { daysAhead } from '../calendar.js';
import { now } from '../clock.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { TextField } from '../components/form.js';
import { NewSecret } from '../components/secret.js';
import { StepUpForm } from '../components/step-up.js';
import { type Schemas, useChange } from '../queries.js';
import { client } from '../server.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';

const DAYS_MAX = 365;

/** The calendar in the programs in which people keep theirs: a link with an API token that can read nothing else. */
export function CalendarFeed() {
  const { tenantId, reason } = useTenant();
  const [creating, setCreating] = useState(false);
  const [token, setToken] = useState<string>();
  const close = () => {
    setCreating(false);
    setToken(undefined);
  };
  const create = useChange(
    ({ body, header }: { readonly body: Schemas['NewApiToken']; readonly header: StepUpHeader }) =>
      dataOf(client.POST('/v1/tenants/{tenantId}/api-tokens', { params: { path: { tenantId }, header }, body })),
    (answer) => setToken(answer.token),
  );
  const link = `${window.location.origin}/v1/tenants/${tenantId}/expirations.ics?token=`;
  return (
    <>
      <Button reason={reason('api-tokens:self')} onClick={() => setCreating(true)}>
        Create a calendar link
      </Button>
      {creating && (
        <Dialog title="Create a calendar link" onClose={close}>
          {token === undefined ? (
            <StepUpForm
              submit="Create"
              call={create}
              onCancel={close}
              onSubmit={({ name = '', days = '' }, header) =>
                create.mutate({
                  body: {
                    name,
                    permissions: ['expirations:read'],
                    expiresAt: daysAhead(now(), Number(days)),
                  },
                  header,
                })
              }
            >
              <p className="mb-3">
                Calendar programs subscribe to it (iCalendar). Who has the link reads the calendar, and nothing else; it
                is revoked with its API token, in the settings.
              </p>
              <TextField label="Name" name="name" maxLength={100} defaultValue="calendar" required />
              <TextField
                label="Valid for (days)"
                name="days"
                type="number"
                min={1}
                max={DAYS_MAX}
                defaultValue={DAYS_MAX}
                required
              />
            </StepUpForm>
          ) : (
            <>
              <p className="mb-3">Subscribe to it now. It is shown only once.</p>
              <NewSecret what="Calendar link" secret={`${link}${token}`} />
              <Button look="main" onClick={close}>
                Done
              </Button>
            </>
          )}
        </Dialog>
      )}
    </>
  );
}
