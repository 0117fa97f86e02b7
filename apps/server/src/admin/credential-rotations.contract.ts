import type { Rfc3339 } from '#core';
import {
  type CredentialRotation as RotationRow,
  type CredentialRotationItem as ItemRow,
  type CredentialRotationState,
  type RotationDryRun as Foreseen,
  type AuthType,
  type RotationItemState,
  authTypes,
  credentialRotationLifecycle,
  rotationItemStates,
  stateOfItem,
} from '#service-keys';

import {
  Choice,
  Email,
  Flag,
  Identifier,
  Instant,
  Items,
  Nested,
  PasswordField,
  Text,
  WholeNumber,
} from '../http/fields.js';
import { present } from '../http/present.js';
import { CredentialSelectionFields, OVERLAP_SECONDS_MAX } from './credentials.contract.js';
import { PageOf, PageQuery } from './page.contract.js';

const OverlapSeconds = (options = {}) =>
  WholeNumber({
    max: OVERLAP_SECONDS_MAX,
    default: 0,
    description: 'Seconds for which each old credential remains active, at most until its own expiry',
    example: 3_600,
    ...options,
  });
const RejectionCode = (options = {}) =>
  Text({
    description: 'Code of the reason why the credential was not rotated',
    example: 'INACTIVE_CREDENTIAL_EXISTS',
    ...options,
  });

export class RotationFilter extends CredentialSelectionFields {}

/** The filter as it is shown. */
export class AppliedRotationFilter {
  @Choice(authTypes, { optional: true, description: 'Only those of this type' }) authType?: AuthType;
  @Identifier({ optional: true, description: 'Only those of this service' }) serviceId?: string;
  @Email({ optional: true, description: 'Only those of services with this contact' }) owner?: string;
  @Text({ optional: true, description: 'Only those with this name', example: 'autumn 2026' }) name?: string;
  @Instant({ optional: true, description: 'Only those that expire before this time' }) expiresBefore?: Rfc3339;
  @Instant({ optional: true, description: 'Only those created before this time' }) createdBefore?: Rfc3339;
  @Instant({ optional: true, description: 'Only those without use since this time' }) unusedSince?: Rfc3339;
}

export class NewCredentialRotation {
  @Nested(() => RotationFilter, {
    description: 'Filter of active credentials; an empty object selects all of the tenant',
    example: { authType: 'service_key' },
  })
  filter: RotationFilter;

  @OverlapSeconds({ optional: true }) overlapSeconds?: number;

  @Flag({
    optional: true,
    default: false,
    description: 'Delete the inactive credential of the type first; waits for the end of an overlap',
  })
  deleteInactive?: boolean;

  @PasswordField({ optional: true, description: "The caller's own password; required with `deleteInactive`" })
  password?: string;

  @Flag({ optional: true, default: false, description: 'Dry run: report the effect, change nothing' })
  dryRun?: boolean;
}

export class CredentialRotation {
  @Identifier({ description: 'Id of the rotation' }) id: string;
  @Choice(credentialRotationLifecycle.states, { description: 'Running until each credential is rotated or rejected' })
  state: CredentialRotationState;
  @Nested(() => AppliedRotationFilter, { description: 'Filter of the request', example: { authType: 'service_key' } })
  filter: AppliedRotationFilter;
  @OverlapSeconds() overlapSeconds: number;
  @Flag({ description: 'Whether inactive credentials are deleted to make room' }) deleteInactive: boolean;
  @WholeNumber({ description: 'Number of selected credentials', example: 50 }) total: number;
  @WholeNumber({ description: 'Number of credentials that have a successor', example: 48 }) rotated: number;
  @WholeNumber({ description: 'Number of rejected credentials', example: 2 }) rejected: number;
  @Identifier({ description: 'The member or service account who requested it' }) requestedBy: string;
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was requested' }) createdAt: Rfc3339;
  @Instant({ nullable: true, description: 'When it was completed or cancelled' }) endedAt: Rfc3339 | null;
}

export class CredentialRotationPage extends PageOf(CredentialRotation) {}

export class RotationItemQuery extends PageQuery {
  @Choice(rotationItemStates, { optional: true, description: 'Only those in this state' }) state?: RotationItemState;
}

export class CredentialRotationItem {
  @Identifier({ description: 'The credential that is replaced' }) credentialId: string;
  @Identifier({ description: 'Id of the service' }) serviceId: string;
  @Choice(rotationItemStates, { description: 'Whether it has a successor' }) state: RotationItemState;
  @Identifier({ nullable: true, description: 'Its successor; read the secret with `reveal`' }) successorId:
    string | null;
  @RejectionCode({ nullable: true }) code: string | null;
  @Instant({ nullable: true, description: 'When it is tried next, while it is pending' }) dueAt: Rfc3339 | null;
  @Instant({ nullable: true, description: 'When it was rotated or rejected' }) finishedAt: Rfc3339 | null;
}

export class CredentialRotationItemPage extends PageOf(CredentialRotationItem) {}

export class RejectedCredential {
  @Identifier({ description: 'The credential' }) credentialId: string;
  @Identifier({ description: 'Id of the service' }) serviceId: string;
  @RejectionCode() code: string;
}

export class CredentialRotationImpact {
  @WholeNumber({ description: 'Number of selected credentials', example: 50 }) total: number;
  @WholeNumber({ description: 'Number of credentials that would be rotated immediately', example: 47 }) rotated: number;
  @WholeNumber({ description: 'Number of credentials that would wait for the end of an overlap', example: 1 })
  waiting: number;
  @Items(Nested(() => RejectedCredential), { maxItems: 5_000, description: 'Credentials that would be rejected' })
  rejected: RejectedCredential[];
}

export class CredentialRotationDryRun {
  @Flag({ description: 'Whether any credential would be rotated', example: true }) allowed: boolean;
  @Nested(() => CredentialRotationImpact, { description: 'The effect' }) impact: CredentialRotationImpact;
}

export const presentRotation = (row: RotationRow): CredentialRotation =>
  present(CredentialRotation, { ...row, filter: present(AppliedRotationFilter, row.filter) });

export const presentRotationItem = (row: ItemRow): CredentialRotationItem =>
  present(CredentialRotationItem, {
    ...row,
    state: stateOfItem(row),
    code: row.rejectionCode,
    dueAt: row.finishedAt === null ? row.dueAt : null,
  });

export const presentRotationDryRun = ({ rejected, ...counts }: Foreseen): CredentialRotationDryRun => ({
  allowed: counts.rotated + counts.waiting > 0,
  impact: { ...counts, rejected: [...rejected] },
});
