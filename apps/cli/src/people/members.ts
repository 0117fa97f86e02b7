import { type components, choices, dataOf } from '#sdk';

import { Refusal } from '../terminal.js';
import {
  type Frame,
  type ListOptions,
  choice,
  does,
  everyItem,
  group,
  namedMembers,
  printItem,
  printList,
  withListOptions,
} from './command.js';
import { type SecretOptions, withSecretOptions, withSecrets } from './secrets.js';
import type { Server } from './server.js';
import { proofOf } from './step-up.js';

const MEMBERS = '/v1/tenants/{tenantId}/members';
const MEMBER = '/v1/tenants/{tenantId}/members/{userId}';
const INVITATIONS = '/v1/tenants/{tenantId}/invitations';

type Member = components['schemas']['Member'];
type Role = (typeof choices.NewMember.role)[number];

const withRole = () => choice('--role <role>', 'the role', choices.NewMember.role).makeOptionMandatory();

/** A member by e-mail address or id of the user. @throws Refusal where there is none, or several accounts have the address */
async function memberOf({ client, tenant }: Server, reference: string): Promise<{ member: Member; path: MemberPath }> {
  const tenantId = await tenant();
  const all = await everyItem((page) => dataOf(client.GET(MEMBERS, { params: { path: { tenantId }, query: page } })));
  const [member, second] = all.filter(({ userId, email }) => [userId, email].includes(reference.toLowerCase()));
  if (member === undefined) throw new Refusal(`NOT_FOUND: ${JSON.stringify(reference)} is no member`);
  if (second !== undefined) throw new Refusal(`Several members have the address ${reference}: say the id of the user`);
  return { member, path: { tenantId, userId: member.userId } };
}

interface MemberPath {
  readonly tenantId: string;
  readonly userId: string;
}

export function addMemberCommands(frame: Frame): void {
  const members = group(frame, 'members', 'People who work in the tenant');

  const list = withListOptions(members.command('list').description('List the members'));
  does<ListOptions>(frame, list, async (work) => {
    const { client, tenant } = work.server;
    const path = { tenantId: await tenant() };
    await printList(work, (query) => dataOf(client.GET(MEMBERS, { params: { path, query } })), {
      email: (member) => member.email,
      name: (member) => member.name,
      role: (member) => member.role,
      verified: (member) => member.emailVerified,
      since: (member) => member.createdAt,
      id: (member) => member.userId,
    });
  });

  const show = members.command('show <member>').description('Show a member, by e-mail address or id');
  does(frame, show, async (work, reference) => {
    printItem(work, (await memberOf(work.server, reference!)).member);
  });

  const invite = withSecretOptions(
    members
      .command('invite <address>')
      .description('Invite a person; without e-mail, the response contains the token for them'),
  ).addOption(withRole());
  does<SecretOptions & { readonly role: Role }>(frame, invite, async (work, email) => {
    const { server, options } = work;
    const path = { tenantId: await server.tenant() };
    const body = { email: email!, role: options.role };
    const invited = await withSecrets(
      work,
      () => dataOf(server.client.POST(MEMBERS, { params: { path }, body })),
      ({ invitation, token }) => ({ invitationId: invitation.id, ...namedMembers({ token }) }),
    );
    const { invitation, token } = invited;
    printItem(work, { ...invitation, ...(options.showSecrets && token !== undefined ? { token } : {}) });
  });

  const setRole = members.command('set-role <member>').description('Change the role of a member').addOption(withRole());
  does<{ readonly role: Role }>(frame, setRole, async (work, reference) => {
    const { member, path } = await memberOf(work.server, reference!);
    // What was decided by another version of the membership is not overwritten.
    const params = { path, header: { 'If-Match': `"${member.version}"` } };
    printItem(work, await dataOf(work.server.client.PATCH(MEMBER, { params, body: { role: work.options.role } })));
  });

  const remove = members.command('remove <member>').description('Remove a member; the person keeps the account');
  does(frame, remove, async ({ server, terminal }, reference) => {
    const { member, path } = await memberOf(server, reference!);
    await dataOf(server.client.DELETE(MEMBER, { params: { path } }));
    terminal.fail(`${member.email} is no member any more.\n`);
  });

  const reset = withSecretOptions(
    members
      .command('reset <member>')
      .description(
        'Start the reset of a lost password, for an account that only this tenant knows; asks for your password',
      ),
  );
  does<SecretOptions>(frame, reset, async (work, reference) => {
    const { server, options } = work;
    const { path } = await memberOf(server, reference!);
    const { body, header } = await proofOf(work, `Reset ${reference}`);
    const started = await withSecrets(
      work,
      () => dataOf(server.client.POST(`${MEMBER}/reset`, { params: { path, header }, body })),
      ({ token }) => namedMembers({ token }),
    );
    const { token, ...rest } = started;
    printItem(work, options.showSecrets && token !== undefined ? { ...rest, token } : rest);
  });

  const endSessions = members.command('end-sessions <member>').description('End every session of a member');
  does(frame, endSessions, async ({ server, terminal }, reference) => {
    const { member, path } = await memberOf(server, reference!);
    await dataOf(server.client.DELETE(`${MEMBER}/sessions`, { params: { path } }));
    terminal.fail(`Every session of ${member.email} has ended.\n`);
  });
}

export function addInvitationCommands(frame: Frame): void {
  const invitations = group(frame, 'invitations', 'Invitations that were made by members invite');

  const list = withListOptions(invitations.command('list').description('List the invitations, newest first'));
  does<ListOptions>(frame, list, async (work) => {
    const { client, tenant } = work.server;
    const path = { tenantId: await tenant() };
    await printList(work, (query) => dataOf(client.GET(INVITATIONS, { params: { path, query } })), {
      email: (invitation) => invitation.email,
      role: (invitation) => invitation.role,
      state: (invitation) => invitation.state,
      expires: (invitation) => invitation.expiresAt,
      id: (invitation) => invitation.id,
    });
  });

  const withdraw = invitations.command('withdraw <invitation>').description('Withdraw an invitation, by its id');
  does(frame, withdraw, async ({ server, terminal }, invitationId) => {
    const params = { path: { tenantId: await server.tenant(), invitationId: invitationId! } };
    await dataOf(server.client.DELETE(`${INVITATIONS}/{invitationId}`, { params }));
    terminal.fail(`The invitation ${invitationId} is withdrawn.\n`);
  });
}
