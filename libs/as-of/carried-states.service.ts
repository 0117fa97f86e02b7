import { Injectable } from '@nestjs/common';

import {
  type AuditEvent,
  EventReader,
  HistoryStates,
  type StoredState,
  type ToldEvent,
  historyErrors,
  toldEvents,
} from '#audit';
import { type Projection, actionsOf, goOn } from '#core';
import type { Tx } from '#database';

import { type RebuiltKind, projections, rebuiltKinds } from './projections.js';

/** Carries forward what follows from events before they are erased: what they say of things that continue to exist. */
@Injectable()
export class CarriedStates {
  constructor(
    private readonly reader: EventReader,
    private readonly states: HistoryStates,
  ) {}

  /**
   * A step of the erasure of the next events of a history.
   * @param events of one history, in the order of their numbers, from its border on
   * @param hashBefore of all that was carried forward before; `null` where nothing was
   * @returns the hash of all that is carried forward
   * @throws HISTORY_INCONSISTENT where somebody has changed it: the next event of an erasure would confirm it
   */
  async carry(tx: Tx, tenantId: string, events: readonly AuditEvent[], hashBefore: string | null): Promise<string> {
    if (hashBefore !== null && (await this.states.hashOf(tx, tenantId)) !== hashBefore)
      throw historyErrors.HISTORY_INCONSISTENT();
    const told = await toldEvents(tx, this.reader, events);
    const until = Math.max(...told.map(({ event }) => event.at));
    for (const kind of rebuiltKinds) await this.carryKind(tx, { tenantId, kind, until }, told);
    return this.states.hashOf(tx, tenantId);
  }

  private async carryKind(
    tx: Tx,
    { tenantId, kind, until }: { readonly tenantId: string; readonly kind: RebuiltKind; readonly until: number },
    told: readonly ToldEvent[],
  ): Promise<void> {
    const projection = projections[kind] as unknown as Projection<object>;
    const actions = new Set(actionsOf(projection));
    const about = Map.groupBy(
      told.filter(({ event }) => actions.has(event.action)),
      ({ event }) => event.targetId,
    );
    for (const [targetId, own] of about) {
      const before = await this.states.find(tx, tenantId, kind, { targetId });
      if (before?.isIntact === false) throw historyErrors.HISTORY_INCONSISTENT();
      const after = goOn(
        projection,
        before,
        own.map(({ event }) => event),
      );
      // What has ended permanently is in no later answer.
      const goesOn = after !== undefined && projection.at(after.row, until) !== undefined;
      if (!goesOn) {
        await this.states.put(tx, tenantId, before, undefined);
        continue;
      }
      const row = projection.lasting?.(after.row) ?? after.row;
      const months = own.flatMap(({ month }) => (month === undefined ? [] : [month]));
      const next = { ...after, row, kind, targetId, kid: kidOf(after.begunBy, own, before), month: months.sort()[0] };
      await this.states.put(tx, tenantId, before, next);
    }
  }
}

/** The `kid` of the event with which a thing began. */
const kidOf = (begunBy: string, own: readonly ToldEvent[], before: StoredState | undefined): string | undefined =>
  own.find(({ event }) => event.id === begunBy)?.event.kid ?? before?.kid;
