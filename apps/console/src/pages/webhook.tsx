import { queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, Refusal, TextField } from '../components/form.js';
import { Card, Facts, Loaded, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { Time } from '../components/time.js';
import { type Schemas, pagesOf, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { ChangeWebhook, WebhookSecret } from './webhook-form.js';

const route = getRouteApi('/signed-in/t/$tenant/webhooks/$webhookId');

const WEBHOOK = '/v1/tenants/{tenantId}/webhooks/{webhookId}';
const OVERLAP_HOURS_DEFAULT = 24;
const SECONDS_PER_HOUR = 3_600;

const webhookQuery = (tenantId: string, webhookId: string) =>
  queryOptions({
    queryKey: [tenantId, 'webhooks', webhookId],
    queryFn: () => dataOf(client.GET(WEBHOOK, { params: { path: { tenantId, webhookId } } })),
  });

const deliveriesQuery = (tenantId: string, webhookId: string) =>
  pagesOf([tenantId, 'webhooks', webhookId, 'deliveries'], (page) =>
    dataOf(client.GET(`${WEBHOOK}/deliveries`, { params: { path: { tenantId, webhookId }, query: page } })),
  );

export function WebhookPage() {
  const { webhookId } = route.useParams();
  const { tenantId } = useTenant();
  return (
    <Loaded title="Webhook" query={useQuery(webhookQuery(tenantId, webhookId))}>
      {(webhook) => <WebhookDetails webhook={webhook} />}
    </Loaded>
  );
}

interface WebhookProps {
  readonly webhook: Schemas['Webhook'];
}

type Action = 'change' | 'disable' | 'rotate' | 'delete';

function WebhookDetails({ webhook }: WebhookProps) {
  const { tenantId, reason } = useTenant();
  const [dialog, setDialog] = useState<Action>();
  const [rotated, setRotated] = useState<Schemas['WebhookWithSecret']>();
  const path = { tenantId, webhookId: webhook.id };
  const enable = useChange(() => dataOf(client.POST(`${WEBHOOK}/enable`, { params: { path } })));
  const notPermitted = reason('webhooks:write');
  const close = () => setDialog(undefined);
  const { url, state, actions, failingSince, deliveredAt, previousSecretUntil, createdAt } = webhook;
  return (
    <Page
      title={url}
      introduction="A webhook and its deliveries of the last 30 days."
      actions={
        <>
          <Button reason={notPermitted} onClick={() => setDialog('change')}>
            Change webhook
          </Button>
          {state === 'active' ? (
            <Button reason={notPermitted} onClick={() => setDialog('disable')}>
              Pause
            </Button>
          ) : (
            <Button reason={notPermitted} onClick={() => enable.mutate(undefined)}>
              Resume
            </Button>
          )}
          <Button reason={notPermitted} onClick={() => setDialog('rotate')}>
            Rotate the secret
          </Button>
          <Button reason={notPermitted} onClick={() => setDialog('delete')}>
            Delete webhook
          </Button>
        </>
      }
    >
      <Refusal error={enable.error} />
      <Card>
        <Facts
          facts={[
            { name: 'State', value: <Badge state={state} /> },
            { name: 'Events', value: actions.join(', ') },
            { name: 'Last accepted', value: <Time at={deliveredAt} /> },
            ...(failingSince === null
              ? []
              : [
                  {
                    name: 'Failing',
                    value: (
                      <>
                        Every attempt since <Time at={failingSince} />: see the reason of each delivery
                      </>
                    ),
                  },
                ]),
            ...(previousSecretUntil === null
              ? []
              : [{ name: 'Previous secret also signs until', value: <Time at={previousSecretUntil} /> }]),
            { name: 'Created', value: <Time at={createdAt} /> },
          ]}
        />
      </Card>
      <Deliveries webhook={webhook} />
      {dialog === 'change' && <ChangeWebhook webhook={webhook} onClose={close} />}
      {dialog === 'disable' && <PauseWebhook webhook={webhook} onClose={close} />}
      {dialog === 'delete' && <DeleteWebhook webhook={webhook} onClose={close} />}
      {dialog === 'rotate' && (
        <RotateSecret
          webhook={webhook}
          onClose={close}
          onRotated={(answer) => {
            close();
            setRotated(answer);
          }}
        />
      )}
      {rotated !== undefined && <WebhookSecret answer={rotated} onClose={() => setRotated(undefined)} />}
    </Page>
  );
}

/** What the receiver answered, or why it did not. */
const answerOf = ({ lastStatus, lastError, attempts }: Schemas['Delivery']): string =>
  lastError ?? (lastStatus === null ? (attempts === 0 ? 'not tried yet' : 'no answer') : `HTTP ${lastStatus}`);

function Deliveries({ webhook }: WebhookProps) {
  const { tenantId, slug, reason } = useTenant();
  const list = useInfiniteQuery(deliveriesQuery(tenantId, webhook.id));
  const redeliver = useChange((deliveryId: string) =>
    dataOf(
      client.POST(`${WEBHOOK}/deliveries/{deliveryId}/redeliver`, {
        params: { path: { tenantId, webhookId: webhook.id, deliveryId } },
      }),
    ),
  );
  const disabled = webhook.state === 'disabled' ? 'The webhook is paused: resume it first' : undefined;
  return (
    <Card title="Deliveries" actions={<Button onClick={() => void list.refetch()}>Read again</Button>}>
      <Refusal error={redeliver.error} />
      <PagedTable
        list={list}
        empty="Nothing has been sent yet."
        label="Deliveries"
        keyOf={({ id }) => id}
        columns={[
          {
            name: 'Event',
            cell: ({ action, sequence }) => (
              <Link
                to="/t/$tenant/history/$sequence"
                params={{ tenant: slug, sequence: String(sequence) }}
                className="whitespace-nowrap"
              >
                {sequence}: {action}
              </Link>
            ),
          },
          { name: 'State', cell: ({ state }) => <Badge state={state} /> },
          { name: 'Answer', cell: answerOf },
          { name: 'Attempts', cell: ({ attempts }) => attempts },
          { name: 'Tried', cell: ({ attemptedAt }) => <Time at={attemptedAt} /> },
          { name: 'Next', cell: ({ nextAttemptAt }) => <Time at={nextAttemptAt} never="none" /> },
          {
            name: 'Action',
            cell: ({ id, sequence, state }) => (
              <Button
                aria-label={`Send event ${sequence} again`}
                reason={
                  reason('webhooks:write') ??
                  disabled ??
                  (state === 'pending' ? 'It is retried automatically' : undefined)
                }
                onClick={() => redeliver.mutate(id)}
              >
                Send again
              </Button>
            ),
          },
        ]}
      />
    </Card>
  );
}

interface WebhookDialogProps extends WebhookProps {
  readonly onClose: () => void;
}

function PauseWebhook({ webhook, onClose }: WebhookDialogProps) {
  const { tenantId } = useTenant();
  const disable = useChange(
    () => dataOf(client.POST(`${WEBHOOK}/disable`, { params: { path: { tenantId, webhookId: webhook.id } } })),
    onClose,
  );
  return (
    <Dialog title="Pause the webhook?" onClose={onClose}>
      <p>Events that occur until it is resumed are never sent. Pending deliveries are not sent.</p>
      <Form submit="Yes, Pause" call={disable} onCancel={onClose} onSubmit={() => disable.mutate(undefined)} />
    </Dialog>
  );
}

function DeleteWebhook({ webhook, onClose }: WebhookDialogProps) {
  const { tenantId, slug } = useTenant();
  const navigate = useNavigate();
  const remove = useChange(
    () => dataOf(client.DELETE(WEBHOOK, { params: { path: { tenantId, webhookId: webhook.id } } })),
    () => navigate({ to: '/t/$tenant/webhooks', params: { tenant: slug } }),
  );
  return (
    <Dialog title="Delete the webhook?" onClose={onClose}>
      <p>Nothing is sent to {webhook.url} any more; its secrets are erased with it.</p>
      <Form submit="Yes, Delete" danger call={remove} onCancel={onClose} onSubmit={() => remove.mutate(undefined)} />
    </Dialog>
  );
}

interface RotateSecretProps extends WebhookDialogProps {
  readonly onRotated: (answer: Schemas['WebhookWithSecret']) => void;
}

function RotateSecret({ webhook, onClose, onRotated }: RotateSecretProps) {
  const { tenantId } = useTenant();
  const rotate = useChange(
    (overlapSeconds: number) =>
      dataOf(
        client.POST(`${WEBHOOK}/rotate-secret`, {
          params: { path: { tenantId, webhookId: webhook.id } },
          body: { overlapSeconds },
        }),
      ),
    onRotated,
  );
  return (
    <Dialog title="Rotate the secret" onClose={onClose}>
      <Form
        submit="Rotate"
        call={rotate}
        onCancel={onClose}
        onSubmit={({ hours = '' }) => rotate.mutate(Number(hours) * SECONDS_PER_HOUR)}
      >
        <p className="mb-3">Both secrets sign until the overlap ends, so the receiver can switch in between.</p>
        <TextField
          label="Overlap (hours)"
          name="hours"
          type="number"
          min={0}
          defaultValue={OVERLAP_HOURS_DEFAULT}
          hint="0: the previous secret ends immediately"
          required
        />
      </Form>
    </Dialog>
  );
}
