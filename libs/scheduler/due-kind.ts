import type { Expirable } from '#core';

import type { DueItems } from './due-items.js';

/**
 * A kind of thing whose due rows `DueItems` handles. It is in the calendar where one of its lists says what `happens`.
 */
export abstract class DueKind<Row extends object> implements Expirable {
  constructor(protected readonly due: DueItems<Row>) {}

  get kind(): string {
    return this.due.kind;
  }

  recordDue(limit: number): Promise<number> {
    return this.due.recordDue(limit);
  }

  overdue(): Promise<number> {
    return this.due.overdue();
  }

  get upcoming(): Expirable['upcoming'] {
    return this.due.isPlanned ? (...request) => this.due.upcoming(...request) : undefined;
  }
}
