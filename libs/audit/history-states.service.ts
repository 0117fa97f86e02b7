import { createHash, hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { Injectable } from '@nestjs/common';

import { type Begun, type Json, type MissingValues, type Page, type PageRequest, canonicalJson } from '#core';
import { MoreThan, type Tx, type View } from '#database';

import { HistoryState } from './history-border.entity.js';
import { MonthKey, type PersonalPart, personalPart } from './month-key.js';
import { MonthKeys } from './month-keys.service.js';
import { PersonalValues, putBack } from './personal-fields.js';

const HASHES_AT_ONCE = 1_000;
/** A key may have hundreds of versions. */
const STATES_AT_ONCE = 100;

/** Personal fields of a state, as those of an event: under the key of the month in which they were recorded. */
interface SealedFields {
  readonly month: string;
  readonly fields: readonly string[];
  readonly hash: string;
  /** Base64. */
  readonly sealed: string;
}

/** What a thing is named by among those of its kind. */
type StateReference = { readonly targetId: string } | { readonly kid: string };

/** A thing as it was at the border of its history. */
export interface StoredState extends Begun<object> {
  readonly kind: string;
  readonly targetId: string;
  readonly kid: string | undefined;
  /** Of each personal field the month in which it was recorded. */
  readonly months: ReadonlyMap<string, string>;
  /** Whether it says what its hash is of. */
  readonly isIntact: boolean;
}

/** A thing after the events that are erased now. */
interface NextState extends Begun<object> {
  readonly kind: string;
  readonly targetId: string;
  readonly kid: string | undefined;
  /** The earliest month of what these events say of people, by whose key it is sealed; `undefined` where they say nothing. */
  readonly month: string | undefined;
}

/**
 * What followed from the erased events of a history: without it nothing could be rebuilt that began before the border. Personal
 * fields are under the key of the month in which they were recorded, so that an erasure of that month erases them here, too.
 */
@Injectable()
export class HistoryStates {
  constructor(private readonly keys: MonthKeys) {}

  /** @throws SEALED */
  async find(view: View, tenantId: string, kind: string, about: StateReference): Promise<StoredState | undefined> {
    const row = await view.findOne(HistoryState, { tenantId, kind, ...about });
    return row ? (await this.opened(view, tenantId, [row]))[0] : undefined;
  }

  /** One page of the things of some kinds, in the order in which they began; without what they are. */
  async page(
    view: View,
    tenantId: string,
    kinds: readonly string[],
    request: PageRequest,
  ): Promise<Page<Pick<HistoryState, 'id' | 'kind' | 'occurredAt' | 'targetId'>>> {
    const order = [['occurredAt', 'ASC'] as const, ['id', 'ASC'] as const];
    const where = kinds.map((kind) => ({ tenantId, kind }));
    return view.pageOfAny(HistoryState, where, order, request);
  }

  /** A step: a thing as it is after further events; `undefined` where it has ended. */
  async put(tx: Tx, tenantId: string, before: StoredState | undefined, next: NextState | undefined): Promise<void> {
    if (before) await tx.delete(HistoryState, { tenantId, kind: before.kind, targetId: before.targetId });
    if (next) await tx.insert(HistoryState, await this.sealed(tx, tenantId, before, next));
  }

  /** The hash of everything that is carried forward of a history: SHA-256 over the hashes of the states, in the order of their ids. */
  async hashOf(view: View, tenantId: string): Promise<string> {
    const all = createHash('sha256');
    for (let after = ''; ;) {
      const where = { tenantId, id: MoreThan(after) };
      const rows = await view.find(HistoryState, where, {
        order: { id: 'ASC' },
        limit: HASHES_AT_ONCE,
        columns: ['id', 'hash'],
      });
      for (const row of rows) all.update(row.hash, 'hex');
      if (rows.length < HASHES_AT_ONCE) return all.digest('hex');
      after = rows.at(-1)!.id;
    }
  }

  /** Whether each state says what its hash is of: what somebody has changed shows. */
  async areIntact(view: View, tenantId: string): Promise<boolean> {
    for (let after = ''; ;) {
      const where = { tenantId, id: MoreThan(after) };
      const rows = await view.find(HistoryState, where, { order: { id: 'ASC' }, limit: STATES_AT_ONCE });
      if (!rows.every(isIntact)) return false;
      if (rows.length < STATES_AT_ONCE) return true;
      after = rows.at(-1)!.id;
    }
  }

  private async sealed(
    tx: Tx,
    tenantId: string,
    before: StoredState | undefined,
    { kind, targetId, kid, row, begunBy, begunAt, missing, month }: NextState,
  ): Promise<HistoryState> {
    const taken = new PersonalValues();
    const kept = before?.begunBy === begunBy ? before : undefined;
    const content = taken.takeFrom('', '', JSON.parse(JSON.stringify(row)) as Json);
    const earlier = kept ? valuesAt(kept.row, kept.months) : new Map<string, Json>();
    const monthOf = (place: number): string | undefined => {
      const field = taken.fields[place]!;
      const isKept = earlier.has(field) && isDeepStrictEqual(earlier.get(field), taken.values[place]);
      return isKept ? kept!.months.get(field) : month;
    };
    const byMonth = Map.groupBy(taken.fields.keys(), monthOf);
    const months = new Set([...byMonth.keys()].filter((one) => one !== undefined));
    const keys = await this.keys.forReading(tx, tenantId, months);
    const lost = new Set<MissingValues>(missing);
    const parts: SealedFields[] = [];
    for (const [one, places] of byMonth) {
      const key = one === undefined ? undefined : keys.get(one);
      // Without a key it could not be erased on request.
      if (!(key instanceof MonthKey)) lost.add(key ?? 'erased');
      else parts.push(sealedFields(key, taken, places));
    }
    const text = canonicalJson({ missing: [...lost].sort(), row: content });
    const state = {
      id: begunBy,
      tenantId,
      kind,
      targetId,
      kid: kid ?? null,
      occurredAt: begunAt,
      content: deflateRawSync(text),
      personal: JSON.stringify(parts),
    };
    return { ...state, hash: stateHash(state) };
  }

  private async opened(view: View, tenantId: string, rows: readonly HistoryState[]): Promise<StoredState[]> {
    const parsed = rows.map((row) => ({ row, parts: partsOf(row) }));
    const wanted = new Set(parsed.flatMap(({ parts }) => parts.map(({ month }) => month)));
    const keys = await this.keys.forReading(view, tenantId, wanted);
    return parsed.map(({ row, parts }) => {
      const content = JSON.parse(textOf(row)) as {
        readonly missing: readonly MissingValues[];
        readonly row: object;
      };
      const missing = new Set(content.missing);
      if (!isIntact(row)) missing.add('altered');
      const months = new Map<string, string>();
      for (const { month, fields, hash: expected, sealed } of parts) {
        const key = keys.get(month) ?? 'altered';
        const text = typeof key === 'string' ? undefined : key.open(Buffer.from(sealed, 'base64'), expected);
        if (text === undefined) missing.add(typeof key === 'string' ? key : 'altered');
        else putBack(content.row, fields, (JSON.parse(text) as PersonalPart).values);
        for (const field of fields) months.set(field, month);
      }
      return {
        kind: row.kind,
        targetId: row.targetId,
        kid: row.kid ?? undefined,
        row: content.row,
        begunBy: row.id,
        begunAt: row.occurredAt,
        missing: [...missing],
        months,
        isIntact: isIntact(row),
      };
    });
  }
}

const textOf = ({ content }: Pick<HistoryState, 'content'>): string => inflateRawSync(content).toString();
const partsOf = ({ personal }: Pick<HistoryState, 'personal'>): SealedFields[] =>
  JSON.parse(personal) as SealedFields[];

/** SHA-256 of what a state says in RFC 8785 JSON, with the hashes of its personal fields, hexadecimal; of none that cannot be read. */
function stateHash(state: Omit<HistoryState, 'hash'>): string {
  const { kind, targetId, kid, id: begunBy, occurredAt: begunAt } = state;
  try {
    const personal = partsOf(state).map(({ month, fields, hash: expected }) => ({ month, fields, hash: expected }));
    const said = {
      kind,
      targetId,
      begunBy,
      begunAt,
      ...(kid === null ? {} : { kid }),
      content: textOf(state),
      personal,
    };
    return hash('sha256', canonicalJson(said as unknown as Json), 'hex');
  } catch {
    return hash('sha256', '', 'hex');
  }
}

const isIntact = (state: HistoryState): boolean => stateHash(state) === state.hash;

function sealedFields(key: MonthKey, taken: PersonalValues, places: readonly number[]): SealedFields {
  const { part, hash: expected } = personalPart(places.map((place) => taken.values[place]!));
  const fields = places.map((place) => taken.fields[place]!);
  return { month: key.month, fields, hash: expected, sealed: key.seal([part])[0]!.toString('base64') };
}

/** The personal values of a state, by their places. */
function valuesAt(row: object, months: ReadonlyMap<string, string>): Map<string, Json> {
  const taken = new PersonalValues();
  taken.takeFrom('', '', JSON.parse(JSON.stringify(row)) as Json);
  return new Map(taken.fields.flatMap((field, place) => (months.has(field) ? [[field, taken.values[place]!]] : [])));
}
