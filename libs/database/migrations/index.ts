import { FirstSchema1763760000000 } from './0001-first-schema.js';
import { KeyRotation1763770000000 } from './0002-key-rotation.js';
import { Certificates1763780000000 } from './0003-certificates.js';
import { Vendors1763790000000 } from './0004-vendors.js';
import { Access1763800000000 } from './0005-access.js';
import { AttemptCounters1763810000000 } from './0006-attempt-counters.js';
import { Clock1763820000000 } from './0007-clock.js';
import { FailuresAndRepetition1763830000000 } from './0008-failures-and-repetition.js';
import { Successors1763840000000 } from './0009-successors.js';
import { CompromisedKeys1763850000000 } from './0010-compromised-keys.js';
import { AuditFilters1763860000000 } from './0011-audit-filters.js';
import { HistoryOrder1763870000000 } from './0012-history-order.js';
import { HistoryLog1763890000000 } from './0014-history-log.js';
import { VendorAccess1763900000000 } from './0015-vendor-access.js';
import { ForeignCertificates1763910000000 } from './0016-foreign-certificates.js';
import { Invitations1763920000000 } from './0017-invitations.js';
import { AttemptsOfAnAccount1763940000000 } from './0019-attempts-of-an-account.js';
import { RefreshTokens1763950000000 } from './0020-refresh-tokens.js';
import { ApiTokens1763960000000 } from './0021-api-tokens.js';
import { ListIndexes1764010000000 } from './0026-list-indexes.js';
import { Webhooks1764020000000 } from './0027-webhooks.js';
import { Announcements1764030000000 } from './0028-announcements.js';
import { Factors1764050000000 } from './0030-factors.js';
import { Restorations1764090000000 } from './0034-restorations.js';
import { CredentialRotations1764110000000 } from './0036-credential-rotations.js';
import { RefusedApiTokens1764137000000 } from './0037-refused-api-tokens.js';
import { IdentityProviders1764140000000 } from './0040-identity-providers.js';
import { Trusts1764141000000 } from './0041-trusts.js';
import { Fleet1764142000000 } from './0042-fleet.js';
import { Cosignatures1764144000000 } from './0044-cosignatures.js';
import { Contacts1764148000000 } from './0048-contacts.js';
import { Mails1764149000000 } from './0049-mails.js';
import { AccountMails1764150000000 } from './0050-account-mails.js';
import { LockSlots1764152000000 } from './0052-lock-slots.js';
import { MailsOfTenants1764154000000 } from './0054-mails-of-tenants.js';
import { Names1764158000000 } from './0058-names.js';
import { PersonalParts1764161000000 } from './0061-personal-parts.js';
import { HistoryKeys1764164000000 } from './0064-history-keys.js';
import { CheckpointLog1764165000000 } from './0065-checkpoint-log.js';
import { Acme1764168000000 } from './0068-acme.js';
import { AcmeTrusts1764171000000 } from './0071-acme-trusts.js';
import { KeyStores1764172000000 } from './0072-key-stores.js';
import { AuthoritiesInKeyStores1764173000000 } from './0073-authorities-in-key-stores.js';
import { HistoryBorders1764174000000 } from './0074-history-borders.js';
import { AcmeRetention1764177000000 } from './0077-acme-retention.js';
import { LargeAnswers1764178000000 } from './0078-large-answers.js';
import { UsefulMails1764179000000 } from './0079-useful-mails.js';
import { CompromisedLogKeys1764180000000 } from './0080-compromised-log-keys.js';
import { LogKeysInKeyStores1764181000000 } from './0081-log-keys-in-key-stores.js';
import { EventsByThingAndAction1764182000000 } from './0082-events-by-thing-and-action.js';
import { EventsByActorAndAction1764183000000 } from './0083-events-by-actor-and-action.js';
import { EventsByAddressAndAction1764184000000 } from './0084-events-by-address-and-action.js';
import { AuthoritiesOfExternalIssuers1764186000000 } from './0086-authorities-of-external-issuers.js';
import { CertificatesByKeyAndTenant1764188000000 } from './0088-certificates-by-key-and-tenant.js';

/** Every migration, oldest first. Explicit, so that a bundler or a stray file can neither add nor lose one. */
export const migrations = [
  FirstSchema1763760000000,
  KeyRotation1763770000000,
  Certificates1763780000000,
  Vendors1763790000000,
  Access1763800000000,
  AttemptCounters1763810000000,
  Clock1763820000000,
  FailuresAndRepetition1763830000000,
  Successors1763840000000,
  CompromisedKeys1763850000000,
  AuditFilters1763860000000,
  HistoryOrder1763870000000,
  HistoryLog1763890000000,
  VendorAccess1763900000000,
  ForeignCertificates1763910000000,
  Invitations1763920000000,
  AttemptsOfAnAccount1763940000000,
  RefreshTokens1763950000000,
  ApiTokens1763960000000,
  ListIndexes1764010000000,
  Webhooks1764020000000,
  Announcements1764030000000,
  Factors1764050000000,
  Restorations1764090000000,
  CredentialRotations1764110000000,
  RefusedApiTokens1764137000000,
  IdentityProviders1764140000000,
  Trusts1764141000000,
  Fleet1764142000000,
  Cosignatures1764144000000,
  Contacts1764148000000,
  Mails1764149000000,
  AccountMails1764150000000,
  LockSlots1764152000000,
  MailsOfTenants1764154000000,
  Names1764158000000,
  PersonalParts1764161000000,
  HistoryKeys1764164000000,
  CheckpointLog1764165000000,
  Acme1764168000000,
  AcmeTrusts1764171000000,
  KeyStores1764172000000,
  AuthoritiesInKeyStores1764173000000,
  HistoryBorders1764174000000,
  AcmeRetention1764177000000,
  LargeAnswers1764178000000,
  UsefulMails1764179000000,
  CompromisedLogKeys1764180000000,
  LogKeysInKeyStores1764181000000,
  EventsByThingAndAction1764182000000,
  EventsByActorAndAction1764183000000,
  EventsByAddressAndAction1764184000000,
  AuthoritiesOfExternalIssuers1764186000000,
  CertificatesByKeyAndTenant1764188000000,
] as const;

export type Migrations = readonly (typeof migrations)[number][];

/**
 * The migrations up to the one with this name, that one included; all of them where none is named.
 * @throws Error for a name that is not known here
 */
export function migrationsUpTo(name: string | undefined): Migrations {
  if (name === undefined) return migrations;
  const place = migrations.findIndex((migration) => migration.name === name);
  if (place < 0) throw new Error(`The schema ${name} is not known to this version: use a newer one`);
  return migrations.slice(0, place + 1);
}
