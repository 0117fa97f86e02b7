import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, TextField } from '../components/form.js';
import { Card } from '../components/page.js';
import { StepUpForm } from '../components/step-up.js';
import { type Schemas, selfQuery, useChange } from '../queries.js';
import { client } from '../server.js';
import type { StepUpHeader } from '../step-up.js';

interface TenantProps {
  readonly tenant: Schemas['Tenant'];
}

interface TenantDialogProps extends TenantProps {
  readonly onClose: () => void;
}

/** What ends the work of a tenant. */
export function DangerZone({ tenant }: TenantProps) {
  const { data: self } = useSuspenseQuery(selfQuery);
  const [dialog, setDialog] = useState<'suspend' | 'delete'>();
  const reason = self.platformPermissions.includes('tenants:manage')
    ? undefined
    : 'Only the administrator of the installation can suspend and delete tenants (tenants:manage)';
  const close = () => setDialog(undefined);
  return (
    <Card title="Danger zone">
      <p className="mb-3 text-soft">
        A suspended tenant can be reactivated. A deleted one cannot: its data key, and so every secret, is destroyed.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button reason={reason} onClick={() => setDialog('suspend')}>
          Suspend the tenant
        </Button>
        <Button look="danger" reason={reason} onClick={() => setDialog('delete')}>
          Delete the tenant
        </Button>
      </div>
      {dialog === 'suspend' && <SuspendTenant tenant={tenant} onClose={close} />}
      {dialog === 'delete' && <DeleteTenant tenant={tenant} onClose={close} />}
    </Card>
  );
}

/** Asks before a tenant is suspended. */
export function SuspendTenant({ tenant: { id: tenantId, slug }, onClose }: TenantDialogProps) {
  const navigate = useNavigate();
  const suspend = useChange(
    () => dataOf(client.POST('/v1/tenants/{tenantId}/suspend', { params: { path: { tenantId } } })),
    async () => {
      onClose();
      await navigate({ to: '/platform' });
    },
  );
  return (
    <Dialog title={`Suspend ${slug}?`} onClose={onClose}>
      <ul className="mb-3 list-disc space-y-1 pl-5">
        <li>Requests of its members and services are rejected.</li>
        <li>
          Its public keys and revocation lists remain available, so existing tokens and certificates can be verified.
        </li>
        <li>You can reactivate it on the Platform page.</li>
      </ul>
      <Form submit="Yes, Suspend" danger call={suspend} onCancel={onClose} onSubmit={() => suspend.mutate(undefined)} />
    </Dialog>
  );
}

function DeleteTenant({ tenant: { id: tenantId, slug }, onClose }: TenantDialogProps) {
  const navigate = useNavigate();
  const remove = useChange(
    ({ confirm, header }: { readonly confirm: string; readonly header: StepUpHeader }) =>
      dataOf(client.DELETE('/v1/tenants/{tenantId}', { params: { path: { tenantId }, header }, body: { confirm } })),
    () => navigate({ to: '/platform' }),
  );
  return (
    <Dialog title={`Delete ${slug}?`} onClose={onClose}>
      <StepUpForm
        submit="Yes, Delete"
        danger
        call={remove}
        onCancel={onClose}
        onSubmit={({ confirm = '' }, header) => remove.mutate({ confirm, header })}
      >
        <ul className="mb-3 list-disc space-y-1 pl-5">
          <li>Its data key is destroyed: private keys, service keys and all other secrets become unreadable.</li>
          <li>Its members and services are rejected, and its public keys are no longer published.</li>
          <li>Its history remains.</li>
        </ul>
        <TextField label={`Type ${slug} to confirm`} name="confirm" pattern={slug} required />
      </StepUpForm>
    </Dialog>
  );
}
