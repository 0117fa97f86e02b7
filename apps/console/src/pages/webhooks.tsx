import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Card, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { Time } from '../components/time.js';
import { type Schemas, pagesOf } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { NewWebhook, WebhookSecret } from './webhook-form.js';

const webhooksQuery = (tenantId: string) =>
  pagesOf([tenantId, 'webhooks'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/webhooks', { params: { path: { tenantId }, query: page } })),
  );

/** Where events of the history are sent to. */
export function WebhooksPage() {
  const { tenantId, slug, reason } = useTenant();
  const [creating, setCreating] = useState(false);
  const [created, setCreated] = useState<Schemas['WebhookWithSecret']>();
  const list = useInfiniteQuery(webhooksQuery(tenantId));
  return (
    <Page
      title="Webhooks"
      introduction="Webhooks send signed events of the history to a URL (Standard Webhooks)."
      actions={
        <Button look="main" reason={reason('webhooks:write')} onClick={() => setCreating(true)}>
          Create webhook
        </Button>
      }
    >
      <Card>
        <PagedTable
          list={list}
          empty="There is none yet. The receiver verifies each message with a secret that is shown only once."
          label="Webhooks"
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'URL',
              cell: ({ id, url }) => (
                <Link to="/t/$tenant/webhooks/$webhookId" params={{ tenant: slug, webhookId: id }}>
                  {url}
                </Link>
              ),
            },
            {
              name: 'State',
              cell: ({ state, failingSince }) => (
                <Badge state={failingSince === null || state === 'disabled' ? state : 'failing'} />
              ),
            },
            { name: 'Actions', cell: ({ actions }) => actions.join(', ') },
            { name: 'Last accepted', cell: ({ deliveredAt }) => <Time at={deliveredAt} /> },
          ]}
        />
      </Card>
      {creating && (
        <NewWebhook
          onClose={() => setCreating(false)}
          onCreated={(answer) => {
            setCreating(false);
            setCreated(answer);
          }}
        />
      )}
      {created !== undefined && <WebhookSecret answer={created} onClose={() => setCreated(undefined)} />}
    </Page>
  );
}
