import { toRfc3339 } from '#core';
import { type MemberWithUser, type Role, roles } from '#tenants';
import { Choice, Email, Identifier, Instant, PasswordField, Text, WholeNumber } from '../http/fields.js';
import { PageOf } from './page.contract.js';

export class NewMember {
  @Email({ description: 'What the user logs in with' }) email: string;
  @Text({ max: 200, description: 'Name of the user; one who exists keeps the own', example: 'Grace Hopper' })
  name: string;
  @Choice(roles, { description: 'Below your own, unless you are an owner', example: 'limited_access' }) role: Role;
  @PasswordField({ optional: true, description: 'Only for a user who does not exist yet: 12 to 256 characters' })
  password?: string;
}

export class MemberChange {
  @Choice(roles, { description: 'The new role: below your own, unless you are an owner', example: 'auditor' })
  role: Role;
}

export class Member {
  @Identifier({ description: 'Id of the user' }) userId: string;
  @Email({ description: 'What the user logs in with' }) email: string;
  @Text({ description: 'Name of the user', example: 'Grace Hopper' }) name: string;
  @Choice(roles, { description: 'Role in this tenant', example: 'limited_access' }) role: Role;
  @WholeNumber({ description: 'Raised by every change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When the user became a member' }) createdAt: string;
  @Instant({ description: 'When the membership last changed' }) updatedAt: string;
}

export class MemberPage extends PageOf(Member) {}

export const presentMember = ({
  userId,
  email,
  name,
  role,
  version,
  createdAt,
  updatedAt,
}: MemberWithUser): Member => ({
  userId,
  email,
  name,
  role,
  version,
  createdAt: toRfc3339(createdAt),
  updatedAt: toRfc3339(updatedAt),
});
