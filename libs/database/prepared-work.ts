import type { DomainError, EpochMilliseconds, EventDraft, TenantScope } from '#core';

import { type Basis, holds } from './basis.js';
import { TransactionMisuse } from './errors.js';
import { type EntityClass, ownershipOf } from './ownership.js';
import type { RaisedInstant } from './statements.js';
import type { Tx } from './tx.js';

/** A row that can be inserted once: its key decides whether something happens for the first time. */
export interface OnceRow {
  readonly entity: EntityClass;
  /** The value of the primary key. */
  readonly id: string;
  /** The whole row, its tenant included. @param now the instant of the transaction */
  readonly row: (now: EpochMilliseconds) => object;
}

/**
 * What work needs statements of its transaction for, done for the work of many requests together: by as few statements as one of
 * them would take.
 */
export interface SharedStep<Item> {
  /**
   * Writes down in each item what became of it. It can run several times for the same items.
   * @param tx of the tenant whose work all of them are; the scope of each is its own
   * @returns why the work of an item ends, in order, where it does: then nothing was written for it, and nothing is recorded of it
   */
  run(tx: Tx, items: readonly Item[]): Promise<readonly (DomainError | Outdated | undefined)[]>;
}

/** A step, and what it is to do for this work. */
export interface SharedWork<Item> {
  readonly step: SharedStep<Item>;
  readonly item: Item;
}

/** What becomes of prepared work in its transaction. */
export interface Finished<Result> {
  readonly result: Result;
  readonly events: readonly EventDraft[];
}

/** Work that was decided and computed before its transaction: what is left is to make it durable. */
export interface PreparedWork<Result> {
  readonly basis: Basis;
  readonly once?: OnceRow | undefined;
  readonly raised?: RaisedInstant | undefined;
  /** How many events it records, roughly. */
  readonly rows?: number;
  /** What needs statements of its own. */
  readonly shared?: SharedWork<unknown> | undefined;
  /** Called in the transaction, as its last part. @param isFirst whether the row of `once` was inserted now */
  finish(moment: { readonly now: EpochMilliseconds; readonly isFirst: boolean }): Finished<Result>;
}

/** One piece of work of a transaction that several share. */
export interface Share {
  readonly scope: TenantScope;
  readonly work: PreparedWork<unknown>;
}

/** The configuration that the work was decided by has changed, or its time has come: it is to be prepared again. */
export class Outdated extends Error {
  override readonly name = 'Outdated';
}

/** Remembers how far instants are raised already, so that the same statement is not sent with every request. */
export class RaisedInstants {
  readonly #raised = new Map<string, EpochMilliseconds>();

  constructor(private readonly max = 10_000) {}

  /** Of all the instants that work wants to raise, the latest of each row, without those that are raised already. */
  pending(wanted: readonly RaisedInstant[]): RaisedInstant[] {
    const latest = new Map<string, RaisedInstant>();
    for (const one of wanted) {
      const key = keyOf(one);
      const known = Math.max(this.#raised.get(key) ?? -Infinity, latest.get(key)?.to ?? -Infinity);
      if (one.to > known) latest.set(key, one);
    }
    return [...latest.values()];
  }

  /** These are committed. */
  note(raised: readonly RaisedInstant[]): void {
    for (const one of raised) {
      const key = keyOf(one);
      if (this.#raised.size >= this.max && !this.#raised.has(key)) this.#raised.clear();
      this.#raised.set(key, Math.max(one.to, this.#raised.get(key) ?? -Infinity));
    }
  }
}

const keyOf = ({ entity, id, column }: RaisedInstant): string => `${entity.name}:${column}:${id}`;

/** Whether the work is still right by the configuration and the clock. */
export const isCurrent = (
  { scope, work }: Share,
  numbers: ReadonlyMap<string, number>,
  now: EpochMilliseconds,
): boolean => holds(work.basis, { configVersion: numbers.get(scope.tenantId), now });

/**
 * A step: writes what prepared work asks for, in as few statements as the work of one request would take.
 * @param numbers the configurations of the tenants, held until the transaction ends
 * @param known what was raised before; the instants that are raised here are noted there once they are committed
 * @returns what becomes of each piece of work, in order; `Outdated` for those that must be prepared again, an error for those that
 *   their step ended
 */
export async function writePrepared(
  tx: Pick<Tx, 'now' | 'insertAbsent' | 'raise' | 'rows'>,
  shares: readonly Share[],
  numbers: ReadonlyMap<string, number>,
  known: RaisedInstants,
): Promise<{ finished: (Finished<unknown> | Outdated | DomainError)[]; raised: RaisedInstant[] }> {
  const { now } = tx;
  const current = shares.filter((share) => isCurrent(share, numbers, now));
  const ended = await runShared(tx, current);
  const going = new Set(current.filter((share) => !ended.has(share)));
  const firsts = await insertOnce(tx, [...going]);
  const raised = known.pending([...going].flatMap(({ work }) => work.raised ?? []));
  for (const one of raised) await tx.raise(one);
  const finished = shares.map((share) => {
    if (!going.has(share)) return ended.get(share) ?? new Outdated();
    const one = share.work.finish({ now, isFirst: firsts.has(share) });
    if (one.events.some(({ tenantId }) => tenantId !== undefined)) {
      throw new TransactionMisuse('Prepared work is recorded in the history of its own tenant');
    }
    if (share.work.once && one.events.length === 0) {
      throw new TransactionMisuse('Prepared work wrote and recorded nothing');
    }
    return one;
  });
  return { finished, raised };
}

/** Runs each step once for each tenant, in one order of the tenants. @returns the work that ends there, and why */
async function runShared(
  tx: Pick<Tx, 'rows'>,
  shares: readonly Share[],
): Promise<ReadonlyMap<Share, DomainError | Outdated>> {
  const ended = new Map<Share, DomainError | Outdated>();
  const steps = new Set(shares.flatMap(({ work }) => work.shared?.step ?? []));
  for (const step of steps) {
    const wanting = shares.filter(({ work }) => work.shared?.step === step);
    const byTenant = Map.groupBy(wanting, ({ scope }) => scope.tenantId);
    for (const tenantId of [...byTenant.keys()].sort()) {
      const own = byTenant.get(tenantId)!;
      const ends = await step.run(
        tx.rows.ofTenant(tenantId),
        own.map(({ work }) => work.shared!.item),
      );
      ends.forEach((end, index) => end && ended.set(own[index]!, end));
    }
  }
  return ended;
}

/** Of several that want to insert the same row, in this batch or anywhere, one does. */
async function insertOnce(tx: Pick<Tx, 'now' | 'insertAbsent'>, shares: readonly Share[]): Promise<ReadonlySet<Share>> {
  const firsts = new Set<Share>();
  const byEntity = new Map<EntityClass, Map<string, { share: Share; row: object }>>();
  for (const share of shares) {
    const { once } = share.work;
    if (!once) continue;
    const rows = byEntity.get(once.entity) ?? new Map<string, { share: Share; row: object }>();
    byEntity.set(once.entity, rows);
    if (!rows.has(once.id)) rows.set(once.id, { share, row: ownRow(share, once.row(tx.now)) });
  }
  for (const [entity, wanted] of byEntity) {
    // In a fixed order, so that two batches with ids in common do not wait for each other.
    const ids = [...wanted.keys()].sort();
    const inserted = await tx.insertAbsent(entity, new Map(ids.map((id) => [id, wanted.get(id)!.row])));
    for (const id of inserted) firsts.add(wanted.get(id)!.share);
  }
  return firsts;
}

/** @throws TransactionMisuse for a row of another tenant than that of the work */
function ownRow({ scope, work }: Share, row: object): object {
  const ownership = ownershipOf(work.once!.entity);
  const isOwn = ownership.owner === 'tenant' && (row as Record<string, unknown>)[ownership.column] === scope.tenantId;
  if (!isOwn) throw new TransactionMisuse('Prepared work inserts rows of its own tenant only');
  return row;
}
