import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, Refusal, SelectField } from '../components/form.js';
import { Loaded } from '../components/page.js';
import { NewSecret } from '../components/secret.js';
import { StepUpDialog, StepUpForm } from '../components/step-up.js';
import { type Schemas, useChange } from '../queries.js';
import { reasonOf } from '../reasons.js';
import { type Role, grantableRoles, roleOptions } from '../roles.js';
import { client } from '../server.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';
import { enumeration } from '../text.js';
import { resetLink } from '../token-of-address.js';

const MEMBER = '/v1/tenants/{tenantId}/members/{userId}';

interface MemberDialogProps {
  readonly member: Schemas['Member'];
  readonly onClose: () => void;
}

type Step = 'manage' | 'reset' | 'factors' | 'remove';

/** What an owner, or a member above another one, does for them and about them. */
export function ManageMember(props: MemberDialogProps) {
  const [step, setStep] = useState<Step>('manage');
  if (step === 'reset') return <ResetPassword {...props} />;
  if (step === 'factors') return <DeleteFactors {...props} />;
  if (step === 'remove') return <RemoveMember {...props} />;
  return <RoleAndSteps {...props} onStep={setStep} />;
}

interface RoleAndStepsProps extends MemberDialogProps {
  readonly onStep: (step: Step) => void;
}

function RoleAndSteps({ member, onClose, onStep }: RoleAndStepsProps) {
  const { tenantId, role: own, reason } = useTenant();
  const params = { path: { tenantId, userId: member.userId } };
  const change = useChange((role: Role) => dataOf(client.PATCH(MEMBER, { params, body: { role } })), onClose);
  const endSessions = useChange(() => dataOf(client.DELETE(`${MEMBER}/sessions`, { params })), onClose);
  const offered = grantableRoles(own);
  const notRecovered =
    reason('members:recover') ??
    (member.emailVerified
      ? 'The account is also used in other tenants: its holder or the platform administrator can start a reset'
      : undefined);
  return (
    <Dialog title={member.name} onClose={onClose}>
      <Form
        submit="Change the role"
        call={change}
        onCancel={onClose}
        onSubmit={({ role = '' }) => change.mutate(role as Role)}
      >
        {member.identityProviderId !== null && (
          <p className="mb-3 text-warning">
            The groups of an identity provider set the role again at the next sign-in.
          </p>
        )}
        <SelectField
          label="Role"
          name="role"
          options={roleOptions(offered)}
          defaultValue={offered.includes(member.role) ? member.role : offered[0]}
        />
      </Form>
      <div className="mt-5 flex flex-wrap gap-2 border-t border-line pt-4">
        <Button onClick={() => endSessions.mutate(undefined)}>End all sessions</Button>
        <Button reason={notRecovered} onClick={() => onStep('reset')}>
          Reset the password
        </Button>
        <Button reason={notRecovered} onClick={() => onStep('factors')}>
          Delete second factors
        </Button>
        <Button look="danger" onClick={() => onStep('remove')}>
          Remove from the tenant
        </Button>
      </div>
      <Refusal error={endSessions.error} />
    </Dialog>
  );
}

function ResetPassword({ member, onClose }: MemberDialogProps) {
  const { tenantId } = useTenant();
  const reset = useChange((header: StepUpHeader) =>
    dataOf(client.POST(`${MEMBER}/reset`, { params: { path: { tenantId, userId: member.userId }, header }, body: {} })),
  );
  const { data: started } = reset;
  return (
    <Dialog title={`Reset the password of ${member.name}`} onClose={onClose}>
      {started === undefined ? (
        <StepUpForm
          secondFactorOnly
          submit="Start the reset"
          call={reset}
          onCancel={onClose}
          onSubmit={(_, header) => reset.mutate(header)}
        >
          <p className="mb-3">
            {member.name} gets a token for an hour and chooses a new password by it; you never know it. Then all their
            sessions end.
          </p>
        </StepUpForm>
      ) : (
        <>
          {started.token === undefined ? (
            <p className="mb-3">A link was sent to {member.email}.</p>
          ) : (
            <>
              <p className="mb-3">Give the link or the token only to {member.name}: both are shown only once.</p>
              <NewSecret what="Link" secret={resetLink(started.token)} />
              <NewSecret what="Token of the reset" secret={started.token} />
            </>
          )}
          <Button look="main" onClick={onClose}>
            Done
          </Button>
        </>
      )}
    </Dialog>
  );
}

function DeleteFactors({ member, onClose }: MemberDialogProps) {
  const { tenantId } = useTenant();
  const remove = useChange(
    (header: StepUpHeader) =>
      dataOf(
        client.DELETE(`${MEMBER}/factors`, { params: { path: { tenantId, userId: member.userId }, header }, body: {} }),
      ),
    onClose,
  );
  return (
    <StepUpDialog
      title={`Delete the second factors of ${member.name}?`}
      onClose={onClose}
      secondFactorOnly
      submit="Yes, Delete"
      call={remove}
    >
      <p className="mb-3">
        For who has lost them: the password alone signs {member.name} in until they enrol a new one. All their sessions
        end.
      </p>
    </StepUpDialog>
  );
}

function RemoveMember({ member, onClose }: MemberDialogProps) {
  const { tenantId, slug } = useTenant();
  const params = { path: { tenantId, userId: member.userId } };
  const foreseen = useQuery({
    queryKey: [tenantId, 'members', member.userId, 'removal'],
    queryFn: async () =>
      (await dataOf(
        client.DELETE(MEMBER, { params: { ...params, query: { dryRun: true } } }),
      )) as Schemas['MemberRemovalDryRun'],
  });
  const remove = useChange(() => dataOf(client.DELETE(MEMBER, { params })), onClose);
  const { data } = foreseen;
  const refused = data?.code === undefined ? undefined : reasonOf(data.code);
  return (
    <Dialog title={`Remove ${member.name} from ${slug}?`} onClose={onClose}>
      <Loaded query={foreseen}>
        {({ impact: { apiTokens, sessionsEnd, returnsBySignIn } }) => (
          <ul className="mb-3 list-disc space-y-1 pl-5">
            <li>From the next request on, {member.name} has no right in the tenant.</li>
            <li className="break-words">
              {apiTokens.length === 0
                ? 'They have no active API token.'
                : `Their API tokens are rejected: ${enumeration(apiTokens.map(({ name }) => name))}.`}
            </li>
            <li>
              {sessionsEnd
                ? 'All sessions of the account end: no other tenant knows it.'
                : 'The account and its other memberships remain.'}
            </li>
            {returnsBySignIn && (
              <li>At the next sign-in, the groups of their identity provider make them a member again.</li>
            )}
            <li>The history keeps the record of their actions.</li>
          </ul>
        )}
      </Loaded>
      <Form
        submit="Yes, Remove"
        danger
        call={remove}
        reason={data === undefined ? 'The consequences are not known yet' : refused}
        onCancel={onClose}
        onSubmit={() => remove.mutate(undefined)}
      />
    </Dialog>
  );
}
