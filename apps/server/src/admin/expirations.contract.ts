import type { ExpirationAnnouncements } from '#announcements';
import type { Rfc3339 } from '#core';
import { Choice, Identifier, Instant, InstantOrDate, Items, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { Contacts } from './contacts.contract.js';
import { PageOf, PageQuery } from './page.contract.js';

const ANNOUNCEMENTS_SHOWN_MAX = 100;
/** What the calendar has, a kind of thing each: those of the scheduler with something that people plan with, as a test compares. */
export const calendarKinds = [
  'API token',
  'CRL',
  'certificate',
  'certificate authority',
  'credential',
  'deleted key',
  'foreign certificate',
  'history',
  'invitation',
  'key rotation',
  'key version',
] as const;
type CalendarKind = (typeof calendarKinds)[number];
const ID_EXAMPLE = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';

export class ExpirationQuery extends PageQuery {
  @InstantOrDate({ optional: true, description: 'Only items from this time on; default: all' }) from?: number;
  @InstantOrDate({ optional: true, description: 'Only items until this time; default: the next 30 days' })
  before?: number;
  @Choice(calendarKinds, { optional: true, description: 'Only items of this kind', example: 'certificate' })
  kind?: CalendarKind;
}

export class CalendarQuery {
  @Text({
    optional: true,
    max: 100,
    description:
      'An API token with only the permission `expirations:read`; for clients that cannot send `Authorization`',
    example: 'chat_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6',
  })
  token?: string;
}

export class MadeAnnouncement {
  @WholeNumber({ description: 'Days ahead', example: 14 }) daysAhead: number;
  @Instant({ description: 'When it was announced' }) announcedAt: Rfc3339;
}

/** Something that will happen, and when. */
export class Expiration {
  @Choice(calendarKinds, { description: 'Kind of the item', example: 'credential' }) kind: CalendarKind;
  @Identifier({ description: 'Id of the item' }) id: string;
  @Instant({ description: 'When it happens' }) dueAt: Rfc3339;
  @Text({ description: 'What happens at that time', example: 'expires' }) happens: string;
  @Text({ optional: true, description: 'Name of the item, if it has one', example: 'billing' }) name?: string;
  @Text({ optional: true, max: 128, description: 'Kid of the item, if it has one', example: ID_EXAMPLE }) kid?: string;
  @Contacts({ description: 'Contacts of the item, or of the resource that it belongs to' }) contacts: string[];
  @Items(Nested(() => MadeAnnouncement), {
    maxItems: ANNOUNCEMENTS_SHOWN_MAX,
    description: 'Announcements so far',
  })
  announcements: MadeAnnouncement[];
  @Instant({ nullable: true, description: 'When it is announced next; null: never again' })
  nextAnnouncementAt: Rfc3339 | null;
}

export class ExpirationPage extends PageOf(Expiration) {}

type Described = Awaited<ReturnType<ExpirationAnnouncements['describe']>>[number];

export const presentExpiration = ({ announcements, ...item }: Described): Expiration =>
  present(Expiration, {
    ...item,
    kind: item.kind as CalendarKind,
    announcements: announcements.map((made) => present(MadeAnnouncement, made)),
  });
