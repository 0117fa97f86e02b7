import { Inject, Injectable } from '@nestjs/common';

import {
  type HistoryMonth,
  type MonthState,
  dueMonths,
  eraseMonth,
  erasableAt,
  historyErrors,
  historyMonth,
  historyMonths,
  monthStateAt,
  type personalDataSettings,
  requireErasable,
} from '#audit';
import { CONFIGURATION, type SettingValues } from '#config';
import {
  DomainError,
  type EpochMilliseconds,
  INSTALLATION_ID,
  type Page,
  type PageRequest,
  type PlatformScope,
  type TenantScope,
  isPlatformScope,
  platformScope,
  systemOrigin,
} from '#core';
import { type Committed, Database, type Tx, type View } from '#database';
import { DueKind, Expires } from '#scheduler';

import { settingsOfTenants, tenantSettingsOf } from './tenants.service.js';
import { Users } from './users.service.js';

/** The personal fields of a month of a history. */
export interface ShownMonth {
  readonly id: string;
  /** `YYYY-MM` */
  readonly month: string;
  readonly state: MonthState;
  /** It may be erased from then on. */
  readonly erasableAt: EpochMilliseconds;
  readonly erasedAt: EpochMilliseconds | null;
}

/** What an erasure would do. */
export interface ErasureDryRun {
  readonly allowed: boolean;
  /** Code of the rejection. */
  readonly code: string | undefined;
  readonly impact: ShownMonth;
}

type Scope = TenantScope | PlatformScope;
type Configuration = SettingValues<typeof personalDataSettings>;

/** Erases the personal fields of a history, month by month. It cannot be undone. */
@Injectable()
export class HistoryErasure {
  readonly #minimumDays: number;

  constructor(
    private readonly database: Database,
    private readonly users: Users,
    @Inject(CONFIGURATION) { personalDataMinimumDays }: Configuration,
  ) {
    this.#minimumDays = personalDataMinimumDays;
  }

  /** The months whose events have personal fields, newest first. */
  async list(scope: Scope, page: PageRequest): Promise<Page<ShownMonth>> {
    return this.read(scope, async (view) => {
      const { items, nextCursor } = await historyMonths(view, scope.tenantId, page);
      return { items: items.map((row) => this.shown(view, row)), nextCursor };
    });
  }

  /** @throws NOT_FOUND */
  async dryRun(scope: Scope, month: string): Promise<ErasureDryRun> {
    return this.read(scope, async (view) => {
      const row = await historyMonth(view, scope.tenantId, month);
      const isHeld = await this.isHeld(view, scope);
      const code = rejectionOf(() => {
        if (isHeld) throw historyErrors.HISTORY_ON_HOLD();
        requireErasable(view, row, this.#minimumDays);
      });
      return { allowed: code === undefined, code, impact: this.shown(view, row) };
    });
  }

  /**
   * Destroys the key of a month, after a step-up of the caller. Does nothing for a month that is already erased.
   * @param month `YYYY-MM`, or the id
   * @throws NOT_FOUND, MONTH_NOT_ERASABLE, HISTORY_ON_HOLD, CLOCK_NOT_CONFIRMED, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async erase(scope: Scope, month: string, password: string | undefined): Promise<Committed<ShownMonth>> {
    await this.read(scope, (view) => historyMonth(view, scope.tenantId, month));
    await this.users.confirm(platformScope(scope), 'resource', password);
    const work = async (tx: Tx): Promise<ShownMonth> => {
      if (await this.isHeld(tx, scope)) throw historyErrors.HISTORY_ON_HOLD();
      const how = { minimumDays: this.#minimumDays, cause: 'request' } as const;
      return this.shown(tx, await eraseMonth(tx, scope.tenantId, month, how));
    };
    return isPlatformScope(scope) ? this.database.platform(scope, work) : this.database.transaction(scope, work);
  }

  private async isHeld(view: View, scope: Scope): Promise<boolean> {
    return !isPlatformScope(scope) && (await tenantSettingsOf(view)).historyHold;
  }

  private shown(view: View, row: HistoryMonth): ShownMonth {
    const { id, month, erasedAt } = row;
    return { id, month, state: monthStateAt(row, view.now), erasableAt: erasableAt(row, this.#minimumDays), erasedAt };
  }

  private read<T>(scope: Scope, work: (view: View) => Promise<T>): Promise<T> {
    return isPlatformScope(scope) ? this.database.readPlatform(scope, work) : this.database.read(scope, work);
  }
}

function rejectionOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

const SYSTEM = platformScope(systemOrigin('history-erasure'));

/** Erases personal fields when the retention period of a tenant ends. */
@Expires({})
@Injectable()
export class HistoryMonthExpiry extends DueKind<HistoryMonth> {
  constructor(database: Database, @Inject(CONFIGURATION) configuration: Configuration) {
    const { personalDataMinimumDays: minimumDays, personalDataRetentionMonths } = configuration;
    const monthsOf = async (view: View, tenantIds: readonly string[]): Promise<ReadonlyMap<string, number>> => {
      const months = new Map([[INSTALLATION_ID as string, personalDataRetentionMonths]]);
      for (const [tenantId, settings] of await settingsOfTenants(view, tenantIds)) {
        months.set(tenantId, settings.historyHold ? 0 : settings.personalDataRetentionMonths);
      }
      return months;
    };
    super(dueMonths(database, SYSTEM, { minimumDays, monthsOf }));
  }
}
