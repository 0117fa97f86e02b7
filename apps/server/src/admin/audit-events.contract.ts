import { type DayDensity, type ExportFormat, exportFormats } from '#audit';
import { type EventOutcome, type Json, toRfc3339 } from '#core';
import {
  Choice,
  Email,
  Flag,
  Identifier,
  Instant,
  InstantOrDate,
  Items,
  JsonObject,
  Nested,
  QueryWords,
  SourceAddress,
  Text,
  WholeNumber,
} from '../http/fields.js';
import { PageOf, PageQuery } from './page.contract.js';

const OUTCOMES = ['success', 'denied', 'failed'] as const satisfies readonly EventOutcome[];
const EXPORT_FORMATS = Object.keys(exportFormats) as ExportFormat[];
const ID_EXAMPLE = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';
const ERASED_BEFORE =
  'Events before this sequence number are erased; the history is complete from it on; 0 if no event is erased';
const Filter = (description: string, example: string, max = 128) =>
  Text({ max, optional: true, description: `Only events ${description}`, example });

export class AuditEventQuery extends PageQuery {
  @InstantOrDate({
    optional: true,
    description: 'Only events at or after this time; a date is the start of that day in UTC',
  })
  from?: number;
  @InstantOrDate({
    optional: true,
    description: 'Only events before this time; a date is the start of that day in UTC',
    example: '2026-02-01T00:00:00.000Z',
  })
  to?: number;
  @Filter('of this user, service or job, by id', ID_EXAMPLE, 64) actor?: string;
  @Email({ optional: true, description: 'Only events of the user with this e-mail address' }) actorEmail?: string;
  @SourceAddress({ optional: true, description: 'Only events from this source address' }) sourceAddress?: string;
  @QueryWords({
    optional: true,
    maxItems: 50,
    pattern: /^[a-z_]{1,32}\.[a-z_]{1,32}$/,
    description: 'Only events of these actions, separated by commas',
    example: ['credential.discarded', 'credential.revealed'],
  })
  action?: string[];
  @Filter('on things of this kind', 'credential', 32) targetType?: string;
  @Filter('on the thing with this id', ID_EXAMPLE, 64) targetId?: string;
  @Choice(OUTCOMES, { optional: true, description: 'Only events with this outcome' }) outcome?: EventOutcome;
  @Filter('about the token with this id', ID_EXAMPLE) tokenId?: string;
  @Filter('about the key version or certificate with this kid', ID_EXAMPLE) kid?: string;
  @Filter('in which this credential was used or changed', ID_EXAMPLE, 36) credentialId?: string;
  @Filter('of the request with this id', 'checkout-4711', 64) requestId?: string;
  @Choice(['desc', 'asc'], { optional: true, default: 'desc', description: 'Newest or oldest first' })
  order?: 'desc' | 'asc';
}

export class AuditDensityQuery {
  @InstantOrDate({ optional: true, description: 'A time on that day, or its date (UTC); default: today' })
  day?: number;
}

export class AuditDensity {
  @Instant({ description: 'Start of the day in UTC' }) day: string;
  @Items(WholeNumber(), {
    minItems: 24,
    maxItems: 24,
    description: 'Number of events in each hour; events at the end of an hour may be counted in the next one',
    example: [0, 0, 3, 5, 8, 120, 80, 40, 30, 20, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0],
  })
  hours: number[];
  @WholeNumber({ description: ERASED_BEFORE, example: 0 }) erasedBefore: number;
}

export const presentDensity = ({ day, hours, erasedBefore }: DayDensity): AuditDensity => ({
  day: toRfc3339(day),
  hours: [...hours],
  erasedBefore,
});

export class EventActor {
  @Choice(['user', 'service', 'service_account', 'system'], { description: 'Type of the actor' }) type: string;
  @Text({ description: 'Id of the user or service, name of the job', example: ID_EXAMPLE }) id: string;
  @Text({
    nullable: true,
    description: 'E-mail of a user (a personal field), name of a service or job',
    example: 'ada@example.com',
  })
  name: string | null;
  @Text({ optional: true, description: 'Role of the user in the tenant', example: 'owner' }) role?: string;
}

export class EventTarget {
  @Text({ description: 'Type of the target', example: 'credential' }) type: string;
  @Text({ description: 'Id of the target', example: ID_EXAMPLE }) id: string;
}

export class AuditExportQuery {
  @Choice(EXPORT_FORMATS, {
    optional: true,
    default: 'ndjson',
    description: '`ndjson` can be verified offline, `csv` is for spreadsheets',
    example: 'ndjson',
  })
  format?: ExportFormat;
  @InstantOrDate({
    optional: true,
    description: 'Only events at or after this time; a date is the start of that day in UTC',
  })
  from?: number;
  @InstantOrDate({
    optional: true,
    description: 'Only events before this time; a date is the start of that day in UTC',
  })
  to?: number;
  @WholeNumber({
    optional: true,
    description: 'Continues after this event, if an export was interrupted',
    example: 41,
  })
  after?: number;
  @Flag({
    optional: true,
    default: false,
    description: 'Ends with the last checkpoint that a witness has cosigned, which may not be the latest one',
    example: true,
  })
  cosigned?: boolean;
}

/** Which fields of an event are personal, and what proves them. */
export class PersonalReference {
  @Items(Text({ max: 256, example: '/actor/name' }), {
    maxItems: 100,
    description: 'Where the values belong in the event (RFC 6901)',
    example: ['/actor/name', '/sourceAddress'],
  })
  fields: readonly string[];
  @Text({
    description: 'SHA-256 of the RFC 8785 JSON of `{salt, values}`, which `ndjson` exports contain; hexadecimal',
    example: 'c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646',
  })
  hash: string;
  @Text({ description: 'The month whose key encrypts them', example: '2026-01' }) month: string;
}

/** An event with its personal fields in their places, and with what proves it. */
export class AuditEvent {
  @Identifier({ description: 'Id of the event' }) id: string;
  @WholeNumber({
    description: 'Position in the history, from 0, without gaps: the index of its leaf in the Merkle tree (RFC 9162)',
    example: 41,
  })
  sequence: number;
  @Identifier({ description: 'Id of the tenant of the history' }) tenantId: string;
  @Instant({ description: 'When it happened' }) occurredAt: string;
  @Nested(() => EventActor, { description: 'Actor' }) actor: EventActor;
  @Text({ description: 'Action', example: 'credential.discarded' }) action: string;
  @Nested(() => EventTarget, { description: 'The target of the action' }) target: EventTarget;
  @Choice(OUTCOMES, { description: 'Outcome' }) outcome: EventOutcome;
  @Text({ description: 'The request that caused it', example: 'checkout-4711' }) requestId: string;
  @Text({ nullable: true, description: 'Source address of the request', example: '203.0.113.7' })
  sourceAddress: string | null;
  @Identifier({ optional: true, description: 'The credential that was used or changed' }) credentialId?: string;
  @Text({ optional: true, description: 'The key version or certificate', example: ID_EXAMPLE }) kid?: string;
  @Text({ optional: true, description: 'The token', example: ID_EXAMPLE }) tokenId?: string;
  @JsonObject({ optional: true, description: 'Values before the change', example: { name: 'billing' } }) before?: Json;
  @JsonObject({ optional: true, description: 'Values after the change', example: { name: 'invoices' } }) after?: Json;
  @JsonObject({ optional: true, description: 'More details', example: { reason: 'log-in' } })
  details?: Json;
  @WholeNumber({ optional: true, description: 'Format of the entry; absent from the first', example: 2 })
  formatVersion?: number;
  @Nested(() => PersonalReference, {
    optional: true,
    description: 'The personal fields; the hashed entry has `null` in their places',
  })
  personal?: PersonalReference;
  @Flag({
    optional: true,
    description: "Set if the personal fields are `null` because their month's key was destroyed",
    example: true,
  })
  erased?: boolean;
  @Flag({
    optional: true,
    description: 'Set if the personal fields are `null` because the stored values were altered',
    example: true,
  })
  altered?: boolean;
  @Text({
    description: '16 random bytes, hexadecimal; part of what was hashed',
    example: 'a3f1c05b77e24d9088c1b2d3e4f50617',
  })
  salt: string;
  @Text({
    description:
      'SHA-256(0x00 || entry), hexadecimal (RFC 9162). The entry is the RFC 8785 JSON of all members except ' +
      '`sequence`, `leafHash`, `erased` and `altered`, with `null` in the places of the personal fields; ' +
      '`Accept: application/octet-stream` returns it',
    example: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  })
  leafHash: string;
}

export class AuditEventPage extends PageOf(AuditEvent) {
  @WholeNumber({ description: ERASED_BEFORE, example: 0 }) erasedBefore: number;
}
