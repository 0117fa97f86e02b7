import type { Rfc3339 } from '#core';
import { type MemberRemoval, type MemberWithUser, type Role, roles } from '#tenants';
import { Choice, Email, Flag, Identifier, Instant, Items, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf } from './page.contract.js';

export class NewMember {
  @Email({ description: 'Address of the invited person' }) email: string;
  @Choice(roles, {
    description: 'Below the role of the caller, unless the caller is an owner',
    example: 'limited_access',
  })
  role: Role;
}

export class MemberChange {
  @Choice(roles, {
    description: 'The new role: below the role of the caller, unless the caller is an owner',
    example: 'auditor',
  })
  role: Role;
}

export class Member {
  @Identifier({ description: 'Id of the user' }) userId: string;
  @Email({ description: 'E-mail address for sign-in' }) email: string;
  @Text({ description: 'Name of the user', example: 'Grace Hopper' }) name: string;
  @Choice(roles, { description: 'Role in this tenant', example: 'limited_access' }) role: Role;
  @Flag({ description: 'Whether the address of the account is verified' }) emailVerified: boolean;
  @Flag({
    description: 'Whether the member may work in this tenant; false for an account that only another tenant knows',
  })
  admitted: boolean;
  @Identifier({
    nullable: true,
    description: 'Id of the identity provider whose groups set the role at each sign-in; null for an invited member',
  })
  identityProviderId: string | null;
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When the user became a member' }) createdAt: Rfc3339;
  @Instant({ description: 'When the membership last changed' }) updatedAt: Rfc3339;
}

export class EndingApiToken {
  @Identifier({ description: 'Id of the API token' }) id: string;
  @Text({ description: 'Name of the API token', example: 'deployment' }) name: string;
  @Instant({ nullable: true, description: 'When it was last used' }) lastUsedAt: Rfc3339 | null;
}

export class MemberRemovalImpact {
  @Items(Nested(() => EndingApiToken), {
    maxItems: 200,
    description: 'API tokens of the member, which would be rejected',
  })
  apiTokens: EndingApiToken[];
  @Flag({ description: 'Whether all sessions of the account would end: no other tenant knows it' })
  sessionsEnd: boolean;
  @Flag({
    description: 'Whether the groups of an identity provider make the person a member again at the next sign-in',
  })
  returnsBySignIn: boolean;
}

export class MemberRemovalDryRun {
  @Flag({ description: 'Whether the removal is allowed' }) allowed: boolean;
  @Text({ optional: true, description: 'Code of the rejection', example: 'LAST_OWNER' }) code?: string;
  @Nested(() => MemberRemovalImpact, { description: 'The effect' }) impact: MemberRemovalImpact;
}

export class MemberPage extends PageOf(Member) {}

export const presentMember = (row: MemberWithUser): Member => present(Member, row);

export const presentMemberRemoval = ({ impact, ...decision }: MemberRemoval): MemberRemovalDryRun => ({
  ...decision,
  impact: {
    ...impact,
    apiTokens: impact.apiTokens.map((token) => present(EndingApiToken, token)),
  },
});
