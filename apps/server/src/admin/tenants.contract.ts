import type { Rfc3339 } from '#core';
import {
  SLUG,
  type TenantSettings,
  type TenantState,
  type Tenants,
  effectiveSettings,
  tenantLifecycle,
  tenantSettings,
} from '#tenants';
import {
  Choice,
  Email,
  Identifier,
  Instant,
  JsonObject,
  NameText,
  Nested,
  PasswordField,
  Text,
  WholeNumber,
} from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf } from './page.contract.js';
import { StepUp } from './step-up.contract.js';

const SETTINGS_DESCRIPTION = Object.entries(tenantSettings)
  .map(([name, row]) => `\`${name}\`: ${row.description}`)
  .join('. ');
const SETTINGS_EXAMPLE = effectiveSettings({});

export class NewOwner {
  @Email({ description: 'E-mail address of the owner' }) email: string;
  @NameText({ max: 200, description: 'Name of the owner', example: 'Ada Lovelace' }) name: string;
  @PasswordField({ description: 'Their first password: 12 to 256 characters' }) password: string;
}

export class NewTenant {
  @Text({
    min: 3,
    max: 63,
    pattern: SLUG,
    description: 'Name of the tenant in URLs; cannot be changed',
    example: 'acme',
  })
  slug: string;
  @NameText({ max: 200, description: 'Name of the tenant', example: 'Acme Ltd' }) name: string;
  @Nested(() => NewOwner, {
    optional: true,
    description: 'The first owner, with an account that only this tenant knows. If absent, invite an owner afterwards',
  })
  owner?: NewOwner;
}

export class NewOwnerInvitation {
  @Email({ description: 'E-mail address of the person who will be the owner' }) email: string;
}

export class TenantChange {
  @NameText({ max: 200, optional: true, description: 'Name of the tenant', example: 'Acme Ltd' }) name?: string;
  @JsonObject({
    optional: true,
    description: `The settings to change; the others keep their values. ${SETTINGS_DESCRIPTION}`,
    example: { reveal: 'once' },
  })
  settings?: Record<string, unknown>;
  @PasswordField({
    optional: true,
    description:
      "The caller's own password; required, with the permission `history:erase`, for changes that erase parts of " +
      'the history earlier (a shorter `personalDataRetentionMonths` or `historyRetentionDays`, the end of ' +
      '`historyHold`)',
  })
  password?: string;
}

export class TenantDeletion extends StepUp {
  @Text({
    max: 63,
    optional: true,
    description: 'The slug of the tenant, as a confirmation; required unless it is a dry run',
    example: 'acme',
  })
  confirm?: string;
}

export class Tenant {
  @Identifier({ description: 'Id of the tenant' }) id: string;
  @Text({ description: 'Can be used in URLs instead of the id', example: 'acme' }) slug: string;
  @Text({ description: 'Name of the tenant', example: 'Acme Ltd' }) name: string;
  @Choice(tenantLifecycle.states, {
    description: 'Requests of members and services of a suspended tenant are rejected',
  })
  state: TenantState;
  @JsonObject({ description: SETTINGS_DESCRIPTION, example: SETTINGS_EXAMPLE }) settings: TenantSettings;
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When it last changed' }) updatedAt: Rfc3339;
}

export class TenantPage extends PageOf(Tenant) {}

type TenantRow = Awaited<ReturnType<Tenants['get']>>;

export const presentTenant = ({ settings, ...row }: TenantRow): Tenant =>
  present(Tenant, { ...row, settings: effectiveSettings(settings) });
