import type { Rfc3339 } from '#core';
import {
  type AcceptedInvitation,
  type InvitationState,
  type InvitationWithToken as MadeInvitation,
  type Invitations,
  type Role,
  invitationLifecycle,
  roles,
} from '#tenants';
import { AnswerSecret, type SecretReference, type SecretText } from '../http/answer-once.js';
import { Choice, Email, Identifier, Instant, NameText, Nested, PasswordField, Text } from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf } from './page.contract.js';

const TOKEN_EXAMPLE = 'cinv_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6';

export class Invitation {
  @Identifier({ description: 'Id of the invitation' }) id: string;
  @Email({ description: 'Address of the invited person' }) email: string;
  @Choice(roles, { description: 'Role that the person will have', example: 'limited_access' }) role: Role;
  @Choice(invitationLifecycle.states, { description: 'State' }) state: InvitationState;
  @Identifier({ description: 'Id of the inviter' }) invitedBy: string;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When the invitation expires' }) expiresAt: Rfc3339;
}

export class InvitationPage extends PageOf(Invitation) {}

export class InvitationWithToken {
  @Nested(() => Invitation, { description: 'The invitation' }) invitation: Invitation;
  @Text({
    max: 100,
    optional: true,
    description:
      'Token of the invitation, for the invited person; shown only in this response; absent if it was sent by e-mail',
    example: TOKEN_EXAMPLE,
  })
  token?: SecretText;
}

export class InvitationAcceptance {
  @Text({ max: 100, description: 'The token of the invitation', example: TOKEN_EXAMPLE }) token: string;
  @NameText({
    max: 200,
    optional: true,
    description: 'Name of a person without an account; not with a session',
    example: 'Grace Hopper',
  })
  name?: string;
  @PasswordField({
    optional: true,
    description: 'New password of a person without an account: 12 to 256 characters; not with a session',
  })
  password?: string;
}

export class AcceptedMembership {
  @Identifier({ description: 'Id of the user' }) userId: string;
  @Email({ description: 'E-mail address for sign-in' }) email: string;
  @Identifier({ description: 'Id of the tenant' }) tenantId: string;
  @Text({ description: 'Slug of the tenant', example: 'acme' }) slug: string;
  @Choice(roles, { description: 'Role in the tenant', example: 'limited_access' }) role: Role;
}

type InvitationRow = Awaited<ReturnType<Invitations['list']>>['items'][number];

export const presentInvitation = ({ stateNow, ...row }: InvitationRow): Invitation =>
  present(Invitation, { ...row, state: stateNow });

/** The token of an invitation: no other place has it, so its text is stored with the (sealed) answer until it expires. */
interface InvitationReference extends SecretReference {
  readonly kind: 'invitation';
  readonly token: string;
}

export const isInvitation = (reference: SecretReference): reference is InvitationReference =>
  reference.kind === 'invitation';

export function presentWithToken({ invitation, token }: MadeInvitation): InvitationWithToken {
  const shown = presentInvitation({ ...invitation, stateNow: invitation.state });
  if (token === undefined) return { invitation: shown };
  const reference: InvitationReference = { kind: 'invitation', token: token.reveal() };
  return {
    invitation: shown,
    token: new AnswerSecret(token, reference, invitation.expiresAt),
  };
}

export const presentMembership = ({ tenant, user, role }: AcceptedInvitation): AcceptedMembership => ({
  userId: user.id,
  email: user.email,
  tenantId: tenant.id,
  slug: tenant.slug,
  role,
});
