import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, Refusal, SelectField, TextField } from '../components/form.js';
import { More } from '../components/more.js';
import { Card, Loaded, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { NewSecret } from '../components/secret.js';
import { Table } from '../components/table.js';
import { Time } from '../components/time.js';
import { type Schemas, itemsOf, pagesOf, selfQuery, useChange } from '../queries.js';
import { roleName } from '../reasons.js';
import { type Role, grantableRoles, reasonNotGranted, reasonNotManaged, roleOptions } from '../roles.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { invitationLink } from '../token-of-address.js';
import { ManageMember } from './member.js';

const INVITATION = '/v1/tenants/{tenantId}/invitations/{invitationId}';

const membersQuery = (tenantId: string) =>
  pagesOf([tenantId, 'members'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/members', { params: { path: { tenantId }, query: page } })),
  );

const invitationsQuery = (tenantId: string) =>
  pagesOf([tenantId, 'invitations'], (page) =>
    dataOf(client.GET('/v1/tenants/{tenantId}/invitations', { params: { path: { tenantId }, query: page } })),
  );

/** The people of a tenant, and those who were invited. */
export function MembersPage() {
  const { reason } = useTenant();
  const [inviting, setInviting] = useState(false);
  const [invited, setInvited] = useState<Schemas['InvitationWithToken']>();
  return (
    <Page
      title="Members"
      introduction="The people who work in the tenant. Each person accepts an invitation and chooses a password."
      actions={
        <Button look="main" reason={reason('members:write')} onClick={() => setInviting(true)}>
          Invite
        </Button>
      }
    >
      <Members />
      <Invitations onInvited={setInvited} />
      {inviting && (
        <InviteMember
          onClose={() => setInviting(false)}
          onInvited={(answer) => {
            setInviting(false);
            setInvited(answer);
          }}
        />
      )}
      {invited !== undefined && <Invited answer={invited} onClose={() => setInvited(undefined)} />}
    </Page>
  );
}

function Members() {
  const { tenantId, role: own, reason } = useTenant();
  const { data: self } = useSuspenseQuery(selfQuery);
  const [managed, setManaged] = useState<Schemas['Member']>();
  const list = useInfiniteQuery(membersQuery(tenantId));
  return (
    <Card title="People">
      <Loaded query={itemsOf(list)}>
        {(items) => (
          <Table
            label="Members"
            rows={items}
            keyOf={({ userId }) => userId}
            columns={[
              { name: 'Name', cell: ({ name }) => name },
              {
                name: 'E-mail address',
                cell: ({ email, admitted }) => (
                  <>
                    {email} {!admitted && <Badge state="not accepted" />}
                  </>
                ),
              },
              {
                name: 'Role',
                cell: ({ role, identityProviderId }) =>
                  `${roleName(role)}${identityProviderId === null ? '' : ', by an identity provider'}`,
              },
              { name: 'Since', cell: ({ createdAt }) => <Time at={createdAt} /> },
              {
                name: 'Action',
                cell: (member) =>
                  member.userId === self.user.id ? (
                    'you'
                  ) : (
                    <Button
                      aria-label={`Manage ${member.name}`}
                      reason={reason('members:write') ?? reasonNotManaged(own, member.role)}
                      onClick={() => setManaged(member)}
                    >
                      Manage
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Loaded>
      <More list={list} />
      {managed !== undefined && <ManageMember member={managed} onClose={() => setManaged(undefined)} />}
    </Card>
  );
}

interface InvitedProps {
  readonly onInvited: (answer: Schemas['InvitationWithToken']) => void;
}

function Invitations({ onInvited }: InvitedProps) {
  const { tenantId, role: own, reason } = useTenant();
  const list = useInfiniteQuery(invitationsQuery(tenantId));
  const params = (invitationId: string) => ({ params: { path: { tenantId, invitationId } } });
  const withdraw = useChange((id: string) => dataOf(client.DELETE(INVITATION, params(id))));
  const resend = useChange((id: string) => dataOf(client.POST(`${INVITATION}/resend`, params(id))), onInvited);
  return (
    <Card title="Invitations">
      <Refusal error={withdraw.error ?? resend.error} />
      <PagedTable
        list={list}
        empty="There is no pending invitation. Invite a person to add a member."
        label="Invitations"
        keyOf={({ id }) => id}
        columns={[
          { name: 'E-mail address', cell: ({ email }) => email },
          { name: 'Role', cell: ({ role }) => roleName(role) },
          { name: 'State', cell: ({ state }) => <Badge state={state} /> },
          { name: 'Ends', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
          {
            name: 'Action',
            cell: ({ id, email, role, state }) => {
              if (state !== 'pending') return null;
              const refused = reason('members:write') ?? reasonNotGranted(own, role);
              return (
                <div className="flex flex-wrap gap-2">
                  <Button aria-label={`New token for ${email}`} reason={refused} onClick={() => resend.mutate(id)}>
                    New token
                  </Button>
                  <Button
                    aria-label={`Withdraw the invitation of ${email}`}
                    reason={refused}
                    onClick={() => withdraw.mutate(id)}
                  >
                    Withdraw
                  </Button>
                </div>
              );
            },
          },
        ]}
      />
    </Card>
  );
}

function InviteMember({ onClose, onInvited }: InvitedProps & { readonly onClose: () => void }) {
  const { tenantId, role: own } = useTenant();
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
        onSubmit={({ email = '', role = '' }) => invite.mutate({ email, role: role as Role })}
      >
        <TextField label="E-mail address" name="email" type="email" required />
        <SelectField
          label="Role"
          name="role"
          options={roleOptions(grantableRoles(own))}
          defaultValue="limited_access"
        />
      </Form>
    </Dialog>
  );
}

interface InvitedAnswerProps {
  readonly answer: Schemas['InvitationWithToken'];
  readonly onClose: () => void;
}

function Invited({ answer: { invitation, token }, onClose }: InvitedAnswerProps) {
  return (
    <Dialog title={`${invitation.email} is invited`} onClose={onClose}>
      {token === undefined ? (
        <p className="mb-3">The person gets an e-mail with a link and chooses a password.</p>
      ) : (
        <>
          <p className="mb-3">
            Give the link or the token only to this person: both are shown only once. The person accepts and chooses a
            password.
          </p>
          <NewSecret what="Link" secret={invitationLink(token)} />
          <NewSecret what="Token of the invitation" secret={token} />
        </>
      )}
      <Button look="main" onClick={onClose}>
        Done
      </Button>
    </Dialog>
  );
}
