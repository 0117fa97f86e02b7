import { type MonthState, monthStates } from '#audit';
import type { Rfc3339 } from '#core';
import type { ErasureDryRun, ShownMonth } from '#tenants';
import { Choice, Flag, Identifier, Instant, Nested, Text } from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf } from './page.contract.js';

export const MONTH = { name: 'month', description: 'Calendar month in UTC as `YYYY-MM`, or its id' };

/** A month of a history and the state of its personal fields. */
export class HistoryMonth {
  @Identifier({ description: 'Id of the month' }) id: string;
  @Text({ description: 'Calendar month in UTC', example: '2026-01' }) month: string;
  @Choice(monthStates, {
    description:
      '`running`: the current month; `kept`: personal fields can be read; `erased`: personal fields are erased',
    example: 'kept',
  })
  state: MonthState;
  @Instant({ description: 'Earliest time of erasure' }) erasableAt: Rfc3339;
  @Instant({ nullable: true, description: 'When it was erased' }) erasedAt: Rfc3339 | null;
}

export class HistoryMonthPage extends PageOf(HistoryMonth) {}

/** What an erasure would do. */
export class HistoryErasureDryRun {
  @Flag({ description: 'Whether the month would be erased', example: true }) allowed: boolean;
  @Text({ optional: true, description: 'Code of the rejection', example: 'MONTH_NOT_ERASABLE' }) code?: string;
  @Nested(() => HistoryMonth, { description: 'The month whose personal fields would be erased' }) impact: HistoryMonth;
}

export const presentMonth = (row: ShownMonth): HistoryMonth => present(HistoryMonth, row);

export const presentErasureDryRun = ({ impact, ...decision }: ErasureDryRun): HistoryErasureDryRun =>
  present(HistoryErasureDryRun, { ...decision, impact: presentMonth(impact) });
