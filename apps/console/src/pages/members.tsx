import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { choices, dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, Refusal, SelectField, TextField } from '../components/form.js';
import { More } from '../components/more.js';
import { Card, Empty, Loaded } from '../components/page.js';
import { NewSecret } from '../components/secret.js';
import { Table } from '../components/table.js';
import { Time } from '../components/time.js';
import { type Schemas, itemsOf, pagesOf, selfQuery, useChange } from '../queries.js';
import { roleName } from '../reasons.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const MEMBER = '/v1/tenants/{tenantId}/members/{userId}';

const membersQuery = (tenantId: string) =>
  pagesOf([tenantId, 'members'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/members', { params: { path: { tenantId }, query: page } })),
  );

const invitationsQuery = (tenantId: string) =>
  pagesOf([tenantId, 'invitations'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/invitations', { params: { path: { tenantId }, query: page } })),
  );

const ROLES = choices.NewMember.role.map((role) => ({ value: role, label: roleName(role) }));

/** The people of a tenant, and those who were invited. */
export function Members() {
  const { tenantId, reason } = useTenant();
  const { data: self } = useSuspenseQuery(selfQuery);
  const [inviting, setInviting] = useState(false);
  const [changing, setChanging] = useState<Schemas['Member']>();
  const [invited, setInvited] = useState<Schemas['InvitationWithToken']>();
  const members = useInfiniteQuery(membersQuery(tenantId));
  const invitations = useInfiniteQuery(invitationsQuery(tenantId));
  const withdraw = useChange((invitationId: string) =>
    dataOf(
      client.DELETE('/v1/tenants/{tenantId}/invitations/{invitationId}', {
        params: { path: { tenantId, invitationId } },
      }),
    ),
  );
  const mayWrite = reason('members:write');
  return (
    <Card
      title="Members"
      actions={
        <Button look="main" reason={mayWrite} onClick={() => setInviting(true)}>
          Invite
        </Button>
      }
    >
      <Loaded query={itemsOf(members)}>
        {(items) => (
          <Table
            label="Members"
            rows={items}
            keyOf={({ userId }) => userId}
            columns={[
              { name: 'Name', cell: ({ name }) => name },
              { name: 'E-mail address', cell: ({ email }) => email },
              { name: 'Role', cell: ({ role }) => roleName(role) },
              { name: 'Since', cell: ({ createdAt }) => <Time at={createdAt} /> },
              {
                name: 'Action',
                cell: (member) =>
                  member.userId === self.user.id ? (
                    'you'
                  ) : (
                    <Button reason={mayWrite} onClick={() => setChanging(member)}>
                      Manage
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Loaded>
      <More list={members} />
      <h3 className="mt-5 mb-2">Invitations</h3>
      <Refusal error={withdraw.error} />
      <Loaded query={itemsOf(invitations)}>
        {(items) =>
          items.length === 0 ? (
            <Empty>There is no invitation. It is how a person becomes a member.</Empty>
          ) : (
            <Table
              label="Invitations"
              rows={items}
              keyOf={({ id }) => id}
              columns={[
                { name: 'E-mail address', cell: ({ email }) => email },
                { name: 'Role', cell: ({ role }) => roleName(role) },
                { name: 'State', cell: ({ state }) => <Badge state={state} /> },
                { name: 'Ends', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
                {
                  name: 'Action',
                  cell: ({ id, state }) =>
                    state === 'pending' ? (
                      <Button reason={mayWrite} onClick={() => withdraw.mutate(id)}>
                        Withdraw
                      </Button>
                    ) : null,
                },
              ]}
            />
          )
        }
      </Loaded>
      <More list={invitations} />
      {inviting && (
        <InviteMember
          onClose={() => setInviting(false)}
          onInvited={(answer) => {
            setInviting(false);
            setInvited(answer);
          }}
        />
      )}
      {changing !== undefined && <ManageMember member={changing} onClose={() => setChanging(undefined)} />}
      {invited !== undefined && (
        <Dialog title={`${invited.invitation.email} is invited`} onClose={() => setInvited(undefined)}>
          {invited.token === undefined ? (
            <p className="mb-3">The person gets an e-mail with a token, and chooses their own password.</p>
          ) : (
            <>
              <p className="mb-3">
                Hand this token to the person, and to no other. They enter it at the sign-in, and choose their own
                password.
              </p>
              <NewSecret what="Token of the invitation" secret={invited.token} />
            </>
          )}
          <Button look="main" onClick={() => setInvited(undefined)}>
            Done
          </Button>
        </Dialog>
      )}
    </Card>
  );
}

interface InviteMemberProps {
  readonly onClose: () => void;
  readonly onInvited: (answer: Schemas['InvitationWithToken']) => void;
}

function InviteMember({ onClose, onInvited }: InviteMemberProps) {
  const { tenantId } = useTenant();
  const invite = useChange(
    (body: Schemas['NewMember']) =>
      dataOf(client.POST('/v1/tenants/{tenantId}/members', { params: { path: { tenantId } }, body })),
    onInvited,
  );
  return (
    <Dialog title="Invite a person" onClose={onClose}>
      <Form
        submit="Invite"
        call={invite}
        onCancel={onClose}
        onSubmit={({ email = '', role = '' }) => invite.mutate({ email, role: role as Schemas['NewMember']['role'] })}
      >
        <TextField label="E-mail address" name="email" type="email" required />
        <SelectField label="Role" name="role" options={ROLES} defaultValue="limited_access" />
      </Form>
    </Dialog>
  );
}

interface ManageMemberProps {
  readonly member: Schemas['Member'];
  readonly onClose: () => void;
}

function ManageMember({ member, onClose }: ManageMemberProps) {
  const { tenantId } = useTenant();
  const params = { path: { tenantId, userId: member.userId } };
  const change = useChange(
    (role: Schemas['Member']['role']) => dataOf(client.PATCH(MEMBER, { params, body: { role } })),
    onClose,
  );
  const endSessions = useChange(() => dataOf(client.DELETE(`${MEMBER}/sessions`, { params })), onClose);
  const remove = useChange(() => dataOf(client.DELETE(MEMBER, { params })), onClose);
  return (
    <Dialog title={member.name} onClose={onClose}>
      <Form
        submit="Change the role"
        call={change}
        onCancel={onClose}
        onSubmit={({ role = '' }) => change.mutate(role as Schemas['Member']['role'])}
      >
        <SelectField label="Role" name="role" options={ROLES} defaultValue={member.role} />
      </Form>
      <div className="mt-5 flex flex-wrap gap-2 border-t border-line pt-4">
        <Button onClick={() => endSessions.mutate(undefined)}>End all sessions</Button>
        <Button look="danger" onClick={() => remove.mutate(undefined)}>
          Remove from the tenant
        </Button>
      </div>
      <Refusal error={endSessions.error ?? remove.error} />
    </Dialog>
  );
}
