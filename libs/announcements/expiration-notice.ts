import type { Notice } from '#contacts';
import { type Upcoming, toRfc3339 } from '#core';
import { inLine } from '#mail';

/** Something that is announced, with the key of its announcement. */
export interface Announced {
  readonly key: string;
  readonly item: Upcoming;
  readonly daysAhead: number;
}

/** Things that one e-mail lists at most. */
export const LISTED_MAX = 50;

const NAME_MAX = 120;

const nameOf = ({ name, kid, id }: Upcoming): string => {
  const shown = inLine(name ?? kid ?? id);
  return shown.length <= NAME_MAX ? shown : `${shown.slice(0, NAME_MAX)}…`;
};

const days = (count: number): string => (count === 1 ? 'a day' : `${count} days`);

/**
 * What the contacts of things are told, those of one tenant that are announced together: one e-mail, so that a thousand
 * credentials that expire on one day are no thousand e-mails.
 * @param announced at least one, at most `LISTED_MAX`
 */
export function expirationNotice(announced: readonly Announced[]): Notice {
  const [{ item, daysAhead }] = announced as [Announced];
  const within = Math.max(...announced.map((each) => each.daysAhead));
  const subject =
    announced.length === 1
      ? `${item.kind} ${nameOf(item)} ${item.happens} within ${days(daysAhead)}`
      : `${announced.length} expirations and the like within ${days(within)}`;
  return {
    key: ['expirations', ...announced.map(({ key }) => key)],
    subject,
    lines: announced.map(
      (each) => `- ${each.item.kind} ${nameOf(each.item)} ${each.item.happens}: ${toRfc3339(each.item.dueAt)}`,
    ),
    page: 'calendar',
    // What has happened is announced to no one.
    usefulUntil: Math.max(...announced.map((each) => each.item.dueAt)),
  };
}
