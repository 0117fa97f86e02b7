import type { Type as Class } from '@nestjs/common';
import { type EpochMilliseconds, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, type Page, type Rfc3339, toRfc3339 } from '#core';
import { InstantOrDate, Items, NameText, Nested, Text, WholeNumber } from '../http/fields.js';

const CURSOR_EXAMPLE = 'WyIwMTk4ZDdjNC01YTFlLTdjYzAtOGYzYS0yYjZkNWU5YTFjNDciXQ';

export const PageLimit = (): PropertyDecorator =>
  WholeNumber({
    min: 1,
    max: PAGE_LIMIT_MAX,
    optional: true,
    default: PAGE_LIMIT_DEFAULT,
    description: 'Items per page',
    example: PAGE_LIMIT_DEFAULT,
  });

export const PageCursor = (): PropertyDecorator =>
  Text({ max: 1_024, optional: true, description: 'The `nextCursor` of the previous page', example: CURSOR_EXAMPLE });

/** The query of a list; one with a filter has the same two fields. */
export class PageQuery {
  @PageLimit() limit?: number;
  @PageCursor() cursor?: string;
}

/** The filter of a list of things with names: one of them is found by its name. */
const ExactName = (): PropertyDecorator =>
  NameText({ max: 100, optional: true, description: 'Only the resource with exactly this name', example: 'billing' });

/** The query of a list of things with names. */
export class NamedPageQuery extends PageQuery {
  @ExactName() name?: string;
}

/** The filter of a list of things that requests use. */
export const UnusedSince = (): PropertyDecorator =>
  InstantOrDate({
    optional: true,
    description: 'Only those without use since this time; one that was never used counts from its creation',
  });

/** The response class of a list: `class ServicePage extends PageOf(Service) {}`. */
export function PageOf<Item>(item: Class<Item>): Class<Page<Item>> {
  class ItemPage implements Page<Item> {
    @Items(Nested(() => item), { maxItems: PAGE_LIMIT_MAX, description: 'The items of this page' })
    items: Item[];

    @Text({ nullable: true, description: 'The `cursor` of the next page; null on the last', example: CURSOR_EXAMPLE })
    nextCursor: string | null;
  }
  return ItemPage;
}

/** A page of rows as a page of what the API shows of them. */
export const presentPage = <Row, Item>({ items, nextCursor }: Page<Row>, present: (row: Row) => Item): Page<Item> => ({
  items: items.map((row) => present(row)),
  nextCursor,
});

/** RFC 3339, or `null` for what has not happened and may never. */
export const presentInstant = (instant: EpochMilliseconds | null): Rfc3339 | null =>
  instant === null ? null : toRfc3339(instant);
