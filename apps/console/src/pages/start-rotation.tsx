import { useState } from 'react';
import { choices, dataOf } from '#sdk';

import { Dialog } from '../components/dialog.js';
import { CheckField, Form, SelectField, TextField } from '../components/form.js';
import { Facts } from '../components/page.js';
import { StepUpForm } from '../components/step-up.js';
import { Table } from '../components/table.js';
import { type Schemas, optionsOf, pagesOf, useChange } from '../queries.js';
import { reasonOf } from '../reasons.js';
import { fieldOfInstant } from '../instant-field.js';
import { type RotationFilter, rotationFilterOf, rotationFilterText } from '../rotation-filter.js';
import { client } from '../server.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';

const HOUR_SECONDS = 3_600;
const ROTATE = '/v1/tenants/{tenantId}/credentials:rotate';

export const rotationsQuery = (tenantId: string) =>
  pagesOf([tenantId, 'credential-rotations'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/credential-rotations', { params: { path: { tenantId }, query: page } })),
  );

interface StartRotationProps {
  /** What remains of a rotation; all of the tenant where it is absent. */
  readonly filter?: RotationFilter;
  readonly onClose: () => void;
  readonly onStarted: (rotation: Schemas['CredentialRotation']) => void;
}

/** Asks what to rotate, shows what would happen, and starts it. */
export function StartRotation({ filter, onClose, onStarted }: StartRotationProps) {
  const { tenantId } = useTenant();
  const [request, setRequest] = useState<Schemas['NewCredentialRotation']>();
  const params = { path: { tenantId } };
  const foresee = useChange(async (body: Schemas['NewCredentialRotation']) => {
    const answer = await dataOf(client.POST(ROTATE, { params, body: { ...body, dryRun: true } }));
    setRequest(body);
    return (answer as Schemas['CredentialRotationDryRun']).impact;
  });
  const start = useChange(
    async ({ body, header }: { readonly body: Schemas['NewCredentialRotation']; readonly header: StepUpHeader }) =>
      (await dataOf(client.POST(ROTATE, { params: { ...params, header }, body }))) as Schemas['CredentialRotation'],
    onStarted,
  );
  if (request !== undefined && foresee.data !== undefined) {
    return (
      <Dialog title="Rotate these credentials?" onClose={onClose}>
        <StepUpForm
          danger
          submit="Yes, Rotate"
          needed={request.deleteInactive ?? false}
          call={start}
          reason={foresee.data.rotated + foresee.data.waiting === 0 ? 'None of them would be rotated' : undefined}
          onCancel={() => setRequest(undefined)}
          onSubmit={(_, header) => start.mutate({ body: request, header })}
        >
          <Impact filter={request.filter as RotationFilter} impact={foresee.data} />
        </StepUpForm>
      </Dialog>
    );
  }
  return (
    <Dialog title="Rotate credentials" onClose={onClose}>
      <Form
        submit="Show what would happen"
        call={foresee}
        onCancel={onClose}
        onSubmit={({ overlapHours = '0', deleteInactive, ...fields }) =>
          foresee.mutate({
            filter: rotationFilterOf(fields),
            overlapSeconds: Number(overlapHours) * HOUR_SECONDS,
            ...(deleteInactive === undefined ? {} : { deleteInactive: true }),
          })
        }
      >
        <SelectField
          label="Type"
          name="authType"
          defaultValue={filter?.authType ?? ''}
          options={[{ value: '', label: 'any' }, ...optionsOf(choices.Credential.authType)]}
        />
        <TextField label="Id of the service" name="serviceId" defaultValue={filter?.serviceId} hint="Empty: of all" />
        <TextField label="Contact of the service" name="owner" type="email" defaultValue={filter?.owner} />
        <TextField label="Name of the credential" name="name" defaultValue={filter?.name} />
        <TextField
          label="Expires before"
          name="expiresBefore"
          type="date"
          defaultValue={filter?.expiresBefore?.slice(0, 10)}
        />
        <TextField
          label="Created before (UTC)"
          name="createdBefore"
          type="datetime-local"
          step={0.001}
          defaultValue={filter?.createdBefore === undefined ? undefined : fieldOfInstant(filter.createdBefore)}
        />
        <TextField
          label="Unused since"
          name="unusedSince"
          type="date"
          defaultValue={filter?.unusedSince?.slice(0, 10)}
        />
        <TextField
          label="Overlap (hours)"
          name="overlapHours"
          type="number"
          min={0}
          defaultValue={24}
          hint="How long the old credentials remain active"
          required
        />
        <CheckField label="First delete the inactive credential of each type" name="deleteInactive" />
      </Form>
    </Dialog>
  );
}

interface ImpactProps {
  readonly filter: RotationFilter;
  readonly impact: Schemas['CredentialRotationImpact'];
}

const REJECTED_SHOWN = 100;

function Impact({ filter, impact: { total, rotated, waiting, rejected } }: ImpactProps) {
  return (
    <>
      <Facts
        facts={[
          { name: 'Selected', value: `${total}: ${rotationFilterText(filter)}` },
          { name: 'Rotated immediately', value: rotated },
          { name: 'Wait for the end of an overlap', value: waiting },
          { name: 'Rejected', value: rejected.length },
        ]}
      />
      {rejected.length > 0 && (
        <div className="mt-3 max-h-60 overflow-auto">
          <Table
            label="Credentials that would be rejected"
            rows={rejected.slice(0, REJECTED_SHOWN)}
            keyOf={({ credentialId }) => credentialId}
            columns={[
              { name: 'Credential', cell: ({ credentialId }) => <code>{credentialId}</code> },
              { name: 'Reason', cell: ({ code }) => reasonOf(code) },
            ]}
          />
        </div>
      )}
    </>
  );
}
