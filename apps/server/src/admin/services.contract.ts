import type { Rfc3339 } from '#core';
import type { CreatedService as NewRows, ServiceDeletion, Service as ServiceRow } from '#service-keys';
import { Flag, Identifier, Instant, Items, NameText, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { Contacts, Owner } from './contacts.contract.js';
import { CredentialWithSecret, presentWithSecret } from './credentials.contract.js';
import { NamedPageQuery, PageOf, UnusedSince } from './page.contract.js';

const Name = (options = {}) =>
  NameText({ max: 100, description: 'Unique among the services of the tenant', example: 'billing', ...options });
const Description = (options = {}) =>
  Text({ max: 500, multiline: true, description: 'Description', example: 'Sends the invoices', ...options });
const Profiles = (options = {}) =>
  Items(Text({ max: 64 }), {
    maxItems: 100,
    unique: true,
    description: 'Names of the granted token profiles; `*` means all',
    example: ['partner-tokens'],
    ...options,
  });
const AllowedCidrs = (options = {}) =>
  Items(Text({ max: 49 }), {
    maxItems: 50,
    unique: true,
    description: 'Allowed source networks; empty: any',
    example: ['10.0.0.0/8', '2001:db8::/32'],
    ...options,
  });

export class ServiceQuery extends NamedPageQuery {
  @UnusedSince() unusedSince?: number;
  @Owner() owner?: string;
}

export class NewService {
  @Name() name: string;
  @Description({ optional: true }) description?: string;
  @Profiles({ optional: true }) profiles?: string[];
  @AllowedCidrs({ optional: true }) allowedCidrs?: string[];
  @Contacts({ optional: true }) contacts?: string[];
}

export class ServiceChange {
  @Name({ optional: true }) name?: string;
  @Description({ optional: true, nullable: true }) description?: string | null;
  @Profiles({ optional: true }) profiles?: string[];
  @AllowedCidrs({ optional: true }) allowedCidrs?: string[];
  @Contacts({ optional: true }) contacts?: string[];
}

export class Service {
  @Identifier({ description: 'Id of the service; the `iss` of the JWTs that it signs itself' }) id: string;
  @Name() name: string;
  @Description({ nullable: true }) description: string | null;
  @Profiles() profiles: string[];
  @AllowedCidrs() allowedCidrs: string[];
  @Contacts() contacts: string[];
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When it last changed' }) updatedAt: Rfc3339;
  @Instant({ nullable: true, description: 'When a request last used one of its credentials, exact to a minute' })
  lastUsedAt: Rfc3339 | null;
}

export class ServiceDeletionImpact {
  @WholeNumber({ description: 'Credentials that are active or inactive, whose secrets would be erased', example: 2 })
  liveCredentials: number;
  @Instant({ nullable: true, description: 'When a request last used one of them, exact to a minute' })
  lastUsedAt: Rfc3339 | null;
}

export class ServiceDeletionDryRun {
  @Flag({ description: 'Whether the deletion is allowed' }) allowed: boolean;
  @Nested(() => ServiceDeletionImpact, { description: 'The effect' }) impact: ServiceDeletionImpact;
}

export class ServicePage extends PageOf(Service) {}

export class CreatedService {
  @Nested(() => Service, { description: 'The new service' }) service: Service;
  @Nested(() => CredentialWithSecret, { description: 'Its service key, for `X-Service-Key`' })
  serviceKey: CredentialWithSecret;
  @Nested(() => CredentialWithSecret, { description: 'The secret with which it signs its own JWTs (HS256)' })
  jwtCredential: CredentialWithSecret;
}

export const presentService = (row: ServiceRow): Service => present(Service, { ...row, contacts: row.contacts ?? [] });

export const presentServiceDeletion = ({ allowed, impact }: ServiceDeletion): ServiceDeletionDryRun => ({
  allowed,
  impact: present(ServiceDeletionImpact, impact),
});

export const presentCreatedService = ({ service, serviceKey, jwtCredential }: NewRows): CreatedService => ({
  service: presentService(service),
  serviceKey: presentWithSecret(serviceKey),
  jwtCredential: presentWithSecret(jwtCredential),
});
