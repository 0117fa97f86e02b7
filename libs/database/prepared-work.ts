import type { DomainError, EpochMilliseconds, EventDraft, TenantScope } from '#core';

import { type Basis, holds } from './basis.js';
import { type AnswerRow, type Sealing, completionOf } from './completion.js';
import { KeyTaken, NotPlanned, TransactionMisuse } from './errors.js';
import type { KnownChange } from './known-rows.js';
import { type EntityClass, ownershipOf } from './ownership.js';
import type { StepTx } from './planned-rows.js';
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
 * The steps of all libraries, in the order in which a transaction runs them: each locks rows, and two instances that ran them in the
 * orders in which their requests came would wait for each other. A new step is one line here.
 */
const STEP_ORDER = ['tokens', 'verdicts', 'license-updates'] as const;
export type StepName = (typeof STEP_ORDER)[number];

/**
 * What work needs statements of its transaction for, done for the work of many requests together: by as few statements as one of
 * them would take.
 */
export interface SharedStep<Item> {
  readonly name: StepName;
  /**
   * Writes down in each item what became of it. It can run several times for the same items.
   * @param tx of the tenant whose work all of them are; the scope of each is its own. A `Tx`, unless the step plans
   * @returns why the work of an item ends, in order, where it does: then nothing was written for it, and nothing is recorded of it
   */
  run(tx: StepTx, items: readonly Item[]): Promise<readonly (DomainError | Outdated | undefined)[]>;
  /**
   * Whether what it does for an item can be planned: it decides by what it reads under `lockAll`, by what raises the number of the
   * tenant's configuration, and by what is never taken back. Without it nothing is planned.
   */
  plans?(item: Item): boolean;
}

/** A step, and what it is to do for this work. */
interface SharedWork<Item> {
  readonly step: SharedStep<Item>;
  readonly item: Item;
}

/** New rows of one table. */
export interface NewRowsOf {
  readonly entity: EntityClass;
  readonly rows: readonly object[];
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
  /** Rows whose keys are new. A table comes after those that its rows refer to. */
  readonly inserts?: readonly NewRowsOf[] | undefined;
  /**
   * Changes of rows that were known when the work was prepared; where one of them is another by now, the work is prepared again.
   * @param now the instant of the transaction
   */
  readonly changes?: ((now: EpochMilliseconds) => readonly KnownChange[]) | undefined;
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

  /**
   * Of all the instants that work wants to raise, the latest of each row, without those that are raised already. In a fixed order, so
   * that two transactions with rows in common do not wait for each other.
   */
  pending(wanted: readonly RaisedInstant[]): RaisedInstant[] {
    const latest = new Map<string, RaisedInstant>();
    for (const one of wanted) {
      const key = keyOf(one);
      const known = Math.max(this.#raised.get(key) ?? -Infinity, latest.get(key)?.to ?? -Infinity);
      if (one.to > known) latest.set(key, one);
    }
    return [...latest.keys()].sort().map((key) => latest.get(key)!);
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

/** Rows that were found to be there when they were to be inserted: those who ask for one are likely to ask again. */
export class PresentRows {
  readonly #ids = new Set<string>();

  constructor(private readonly max = 10_000) {}

  has(row: OnceRow | undefined): boolean {
    return row !== undefined && this.#ids.has(`${row.entity.name}:${row.id}`);
  }

  note({ entity, id }: OnceRow): void {
    if (this.#ids.size >= this.max) this.#ids.delete(this.#ids.values().next().value!);
    this.#ids.add(`${entity.name}:${id}`);
  }
}

/** How many groups are not planned after a plan that came to nothing, at most, as a power of two. */
const MISSES_MAX = 6;

/** Where plans with steps come to nothing again and again, because another instance changes the same rows, few are made. */
export class StepPlans {
  #misses = 0;
  #left = 0;

  /** Whether the next group is to be planned. */
  isWorthwhile(): boolean {
    if (this.#left === 0) return true;
    this.#left -= 1;
    return false;
  }

  note(isCommitted: boolean): void {
    this.#misses = isCommitted ? 0 : Math.min(this.#misses + 1, MISSES_MAX);
    this.#left = isCommitted ? 0 : 2 ** this.#misses;
  }
}

const keyOf = ({ entity, id, column }: RaisedInstant): string => `${entity.name}:${column}:${id}`;

/** Whether the work is still right by the configuration and the clock. */
export const isCurrent = (
  { scope, work }: Share,
  numbers: ReadonlyMap<string, number>,
  now: EpochMilliseconds,
): boolean => holds(work.basis, { configVersion: numbers.get(scope.tenantId), now });

/** What prepared work writes by. */
export type PreparedWriting = Sealing &
  Pick<Tx, 'now' | 'changeKnown' | 'insertAbsent' | 'insertNew' | 'presentAmong' | 'raise'> &
  StepRows;

/** The rows of a transaction, or those of each tenant where one is only planned. */
type StepRows = Pick<Tx, 'rows'> & { rowsOf?(tenantId: string): Promise<StepTx> };

/** What becomes of work that ends before it is finished. */
type Ended = DomainError | Outdated | KeyTaken;

/**
 * A step: writes what prepared work asks for, in as few statements as the work of one request would take. Rows are locked in the
 * order in which a plan locks them: what is there once, known and new rows, answers, instants, and the numbers of histories, which the caller takes.
 * @param numbers the configurations of the tenants, held until the transaction ends
 * @param known what was raised before; the instants that are raised here are noted there once they are committed
 * @returns what becomes of each piece of work, in order; `Outdated` for those that must be prepared again, `KeyTaken` for those whose
 *   answer is there already, an error for those that their step ended
 * @throws KeyTaken where the key of an answer was taken meanwhile, by another transaction; Outdated where a row that was known is
 *   another by now
 */
export async function writePrepared(
  tx: PreparedWriting,
  shares: readonly Share[],
  numbers: ReadonlyMap<string, number>,
  known: RaisedInstants,
): Promise<{ finished: (Finished<unknown> | Ended)[]; raised: RaisedInstant[]; present: OnceRow[] }> {
  const { now } = tx;
  const current = shares.filter((share) => isCurrent(share, numbers, now));
  const answers = new Map(current.flatMap((share) => answerOf(share)));
  const ended = new Map<Share, Ended>();
  for (const share of await takenAmong(tx, answers)) ended.set(share, new KeyTaken());
  const free = current.filter((share) => !ended.has(share));
  for (const [share, end] of await runShared(tx, free)) ended.set(share, end);
  const going = new Set(current.filter((share) => !ended.has(share)));
  const firsts = await insertOnce(tx, [...going]);
  await changeKnown(tx, going);
  await insertNew(tx, going);
  const finished = shares.map((share) => {
    if (!going.has(share)) return ended.get(share) ?? new Outdated();
    const one = share.work.finish({ now, isFirst: firsts.has(share) });
    if (one.events.some(({ tenantId }) => tenantId !== undefined)) {
      throw new TransactionMisuse('Prepared work is recorded in the history of its own tenant');
    }
    const hasWritten = share.work.once ?? share.work.inserts ?? share.work.changes;
    if (hasWritten && one.events.length === 0) {
      throw new TransactionMisuse('Prepared work wrote and recorded nothing');
    }
    return one;
  });
  await insertAnswers(
    tx,
    shares.flatMap((share, index) => {
      const answer = answers.get(share);
      return answer && going.has(share)
        ? [{ share, answer, result: (finished[index] as Finished<unknown>).result }]
        : [];
    }),
  );
  const raised = known.pending([...going].flatMap(({ work }) => work.raised ?? []));
  for (const one of raised) await tx.raise(one);
  const present = [...going].flatMap((share) => (share.work.once && !firsts.has(share) ? [share.work.once] : []));
  return { finished, raised, present };
}

const answerOf = (share: Share): [Share, AnswerRow][] => {
  const answer = completionOf(share.scope)?.shared;
  return answer === undefined ? [] : [[share, answer]];
};

/** The work whose answer is there already: found out before anything of it is written. */
async function takenAmong(tx: PreparedWriting, answers: ReadonlyMap<Share, AnswerRow>): Promise<Share[]> {
  const taken: Share[] = [];
  for (const [entity, own] of Map.groupBy(answers, ([, answer]) => answer.entity)) {
    const present = await tx.presentAmong(
      entity,
      own.map(([, { key }]) => key),
    );
    const isPresent = ({ key }: AnswerRow): boolean =>
      present.some((row) => Object.entries(key).every(([name, value]) => row[name as keyof typeof row] === value));
    for (const [share, answer] of own) if (isPresent(answer)) taken.push(share);
  }
  return taken;
}

/** The rows of each tenant together, in one order of the tenants. @throws Outdated */
async function changeKnown(tx: Pick<Tx, 'now' | 'changeKnown'>, shares: Iterable<Share>): Promise<void> {
  const changes = new Map<string, KnownChange[]>();
  for (const { scope, work } of shares) {
    const own = work.changes?.(tx.now) ?? [];
    if (own.length > 0) changes.set(scope.tenantId, [...(changes.get(scope.tenantId) ?? []), ...own]);
  }
  for (const tenantId of [...changes.keys()].sort()) {
    if (!(await tx.changeKnown(tenantId, changes.get(tenantId)!))) throw new Outdated();
  }
}

/** The rows of each table together. */
async function insertNew(tx: Pick<Tx, 'insertNew'>, shares: Iterable<Share>): Promise<void> {
  const rows = new Map<EntityClass, object[]>();
  for (const share of shares) {
    for (const { entity, rows: own } of share.work.inserts ?? []) {
      const known = rows.get(entity) ?? [];
      rows.set(entity, known);
      for (const row of own) known.push(ownRow(share, entity, row));
    }
  }
  for (const [entity, all] of rows) await tx.insertNew(entity, all);
}

/** In the order of their keys, so that two transactions with keys in common do not wait for each other. */
async function insertAnswers(
  tx: PreparedWriting,
  wanted: readonly { readonly share: Share; readonly answer: AnswerRow; readonly result: unknown }[],
): Promise<void> {
  const rows = new Map<EntityClass, { readonly place: string; readonly row: object }[]>();
  for (const { share, answer, result } of wanted) {
    const row = await answer.row(tx, result);
    if (row === undefined) continue;
    const { entity, key } = answer;
    const own = rows.get(entity) ?? [];
    rows.set(entity, own);
    own.push({ place: JSON.stringify(key), row: ownRow(share, entity, row) });
  }
  for (const [entity, own] of byName(rows)) {
    const ordered = own.toSorted((one, other) => (one.place < other.place ? -1 : 1));
    await tx.insertNew(
      entity,
      ordered.map(({ row }) => row),
    );
  }
}

/** In the order of their tables, so that two transactions with rows of several do not wait for each other. */
const byName = <Value>(rows: ReadonlyMap<EntityClass, Value>): [EntityClass, Value][] =>
  [...rows].toSorted(([one], [other]) => (one.name < other.name ? -1 : 1));

/** Runs each step once for each tenant, in one order of the steps and of the tenants. @returns the work that ends there, and why */
async function runShared(tx: StepRows, shares: readonly Share[]): Promise<ReadonlyMap<Share, DomainError | Outdated>> {
  const ended = new Map<Share, DomainError | Outdated>();
  const steps = new Set(shares.flatMap(({ work }) => work.shared?.step ?? []));
  for (const step of [...steps].sort((one, other) => rankOf(one) - rankOf(other))) {
    const wanting = shares.filter(({ work }) => work.shared?.step === step);
    const byTenant = Map.groupBy(wanting, ({ scope }) => scope.tenantId);
    for (const tenantId of [...byTenant.keys()].sort()) {
      const own = byTenant.get(tenantId)!;
      const items = own.map(({ work }) => work.shared!.item);
      if (tx.rowsOf && !items.every((item) => step.plans?.(item))) throw new NotPlanned();
      const ends = await step.run(tx.rowsOf ? await tx.rowsOf(tenantId) : tx.rows.ofTenant(tenantId), items);
      ends.forEach((end, index) => end && ended.set(own[index]!, end));
    }
  }
  return ended;
}

const rankOf = ({ name }: SharedStep<never>): number => STEP_ORDER.indexOf(name);

/** Of several that want to insert the same row, in this batch or anywhere, one does. */
async function insertOnce(tx: Pick<Tx, 'now' | 'insertAbsent'>, shares: readonly Share[]): Promise<ReadonlySet<Share>> {
  const firsts = new Set<Share>();
  const byEntity = new Map<EntityClass, Map<string, { share: Share; row: object }>>();
  for (const share of shares) {
    const { once } = share.work;
    if (!once) continue;
    const rows = byEntity.get(once.entity) ?? new Map<string, { share: Share; row: object }>();
    byEntity.set(once.entity, rows);
    if (!rows.has(once.id)) rows.set(once.id, { share, row: ownRow(share, once.entity, once.row(tx.now)) });
  }
  for (const [entity, wanted] of byName(byEntity)) {
    // In a fixed order, so that two batches with ids in common do not wait for each other.
    const ids = [...wanted.keys()].sort();
    const inserted = await tx.insertAbsent(entity, new Map(ids.map((id) => [id, wanted.get(id)!.row])));
    for (const id of inserted) firsts.add(wanted.get(id)!.share);
  }
  return firsts;
}

/** @throws TransactionMisuse for a row of another tenant than that of the work */
function ownRow({ scope }: Share, entity: EntityClass, row: object): object {
  const ownership = ownershipOf(entity);
  const isOwn = ownership.owner === 'tenant' && (row as Record<string, unknown>)[ownership.column] === scope.tenantId;
  if (!isOwn) throw new TransactionMisuse('Prepared work inserts rows of its own tenant only');
  return row;
}
