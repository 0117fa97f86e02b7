import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, Refusal, TextField } from '../components/form.js';
import { Facts, Loaded } from '../components/page.js';
import { MaskedSecret } from '../components/secret.js';
import { StepUpDialog } from '../components/step-up.js';
import { Time } from '../components/time.js';
import { AUTH_TYPES, type Credential, blockOf, credentialsOf } from '../credentials.js';
import { type Schemas, useChange } from '../queries.js';
import { reasonOf } from '../reasons.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';
import { LastUse } from './last-use.js';

interface CredentialCardProps {
  readonly credential: Credential;
  /** Shows the secret of a successor, which is in this one answer. */
  readonly onSecret: (successor: Schemas['CredentialWithSecret']) => void;
}

type Action = 'discard' | 'delete' | 'compromise';

/** One credential with what may be done with it, exactly as the server says of it. */
export function CredentialCard({ credential, onSecret }: CredentialCardProps) {
  const { tenantId } = useTenant();
  const calls = credentialsOf(tenantId, credential.serviceId);
  const [dialog, setDialog] = useState<Action>();
  const [error, setError] = useState<unknown>();
  const reactivate = useChange(calls.reactivate);
  const close = () => setDialog(undefined);
  const reason = (action: string): string | undefined => {
    const code = blockOf(credential, action);
    return code === undefined ? undefined : reasonOf(code);
  };
  const what = AUTH_TYPES[credential.authType];
  const { name, state, secretMasked, lastUsedAt, expiresAt, refusedUses, lastRefusedAt, overlapEndsAt } = credential;
  return (
    <li
      className="rounded-md border border-line p-3"
      data-credential={credential.id}
      aria-label={`${what} ${secretMasked}`}
    >
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <Badge state={state} />
        {name !== null && <span className="font-medium text-strong">{name}</span>}
      </div>
      <MaskedSecret
        what={what}
        masked={secretMasked}
        reason={reason('reveal')}
        reveal={() => calls.reveal(credential)}
        onError={setError}
      />
      <div className="my-3">
        <Facts
          facts={[
            { name: 'Last used', value: <Time at={lastUsedAt} /> },
            { name: 'Expires', value: <Time at={expiresAt} /> },
            ...(overlapEndsAt === null
              ? []
              : [{ name: 'Discarded automatically', value: <Time at={overlapEndsAt} /> }]),
            ...(refusedUses === 0
              ? []
              : [
                  {
                    name: 'Refused uses',
                    value: (
                      <>
                        {refusedUses}, the last <Time at={lastRefusedAt} />
                      </>
                    ),
                  },
                ]),
          ]}
        />
      </div>
      <div className="flex flex-wrap gap-2">
        {state === 'active' && (
          <Button reason={reason('discard')} onClick={() => setDialog('discard')}>
            Discard
          </Button>
        )}
        {state === 'inactive' && (
          <Button reason={reason('reactivate')} onClick={() => reactivate.mutate(credential)}>
            Reactivate
          </Button>
        )}
        {state !== 'active' && (
          <Button reason={reason('delete')} onClick={() => setDialog('delete')}>
            Delete
          </Button>
        )}
        {(state === 'active' || state === 'inactive') && (
          <Button reason={reason('compromise')} onClick={() => setDialog('compromise')}>
            It was leaked
          </Button>
        )}
      </div>
      <Refusal error={error ?? reactivate.error} />
      {dialog === 'discard' && <DiscardDialog credential={credential} onClose={close} />}
      {dialog === 'delete' && <DeleteDialog credential={credential} onClose={close} />}
      {dialog === 'compromise' && <CompromiseDialog credential={credential} onClose={close} onSecret={onSecret} />}
    </li>
  );
}

interface DialogProps {
  readonly credential: Credential;
  readonly onClose: () => void;
}

function DiscardDialog({ credential, onClose }: DialogProps) {
  const { tenantId } = useTenant();
  const calls = credentialsOf(tenantId, credential.serviceId);
  const foreseen = useQuery({
    queryKey: [tenantId, 'discard', credential.id, credential.version],
    queryFn: () => calls.foreseeDiscard(credential),
  });
  const discard = useChange(() => calls.discard(credential), onClose);
  return (
    <Dialog title={`Discard this ${AUTH_TYPES[credential.authType]}?`} onClose={onClose}>
      <p className="mb-3">
        Requests with it fail until you reactivate it. <code>{credential.secretMasked}</code>
      </p>
      <Loaded query={foreseen}>
        {({ allowed, code, impact }) => (
          <>
            <Facts
              facts={[
                { name: 'Last used', value: <Time at={impact.lastUsedAt} /> },
                { name: 'Active of this type afterwards', value: impact.activeAfter },
                { name: 'Inactive of this type afterwards', value: impact.inactiveAfter },
              ]}
            />
            <LastUse credentialId={credential.id} />
            <Form
              submit="Yes, Discard"
              danger
              reason={allowed ? undefined : reasonOf(code ?? '')}
              call={discard}
              onCancel={onClose}
              onSubmit={() => discard.mutate(undefined)}
            />
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

function DeleteDialog({ credential, onClose }: DialogProps) {
  const { tenantId } = useTenant();
  const remove = useChange(
    (header: StepUpHeader) => credentialsOf(tenantId, credential.serviceId).delete(credential, header),
    onClose,
  );
  return (
    <StepUpDialog
      title={`Delete this ${AUTH_TYPES[credential.authType]}?`}
      onClose={onClose}
      submit="Yes, Delete"
      call={remove}
    >
      <p className="mb-3">Its secret is erased. Nothing brings it back; its history stays.</p>
    </StepUpDialog>
  );
}

function CompromiseDialog({ credential, onClose, onSecret }: DialogProps & Pick<CredentialCardProps, 'onSecret'>) {
  const { tenantId } = useTenant();
  const compromise = useChange(
    (reason: string | undefined) => credentialsOf(tenantId, credential.serviceId).compromise(credential, reason),
    (answer) => {
      onClose();
      if ('successor' in answer && answer.successor !== undefined) onSecret(answer.successor);
    },
  );
  return (
    <Dialog title="Was it leaked?" onClose={onClose}>
      <p className="mb-3">
        It is rejected immediately and permanently. If it is the last active one of its type, a successor is created in
        the same step and shown to you.
      </p>
      <LastUse credentialId={credential.id} />
      <Form
        submit="Yes, reject it"
        danger
        call={compromise}
        onCancel={onClose}
        onSubmit={({ reason }) => compromise.mutate(reason)}
      >
        <TextField label="Where it was found (optional)" name="reason" hint="For the history" maxLength={500} />
      </Form>
    </Dialog>
  );
}
