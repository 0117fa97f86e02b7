import { Entity } from 'typeorm';

import {
  IdColumn,
  InstantColumn,
  ReferenceColumn,
  SealedColumn,
  TenantOwned,
  TextColumn,
  VarcharColumn,
} from '#database';

/** From where on a history has the bodies of its events. There is no row where nothing was ever to be erased. */
@Entity('history_borders')
@TenantOwned()
export class HistoryBorder {
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
  /** How many events, from the first on, are erased: a multiple of the width of a tile. */
  @InstantColumn() erasedBefore: number;
  /** The latest instant of any of them; `null` where there are none. */
  @InstantColumn({ nullable: true }) erasedUntil: number | null;
  /** Of all that followed from them: what the last `history.bodies_erased` says. */
  @VarcharColumn(64, { nullable: true }) stateHash: string | null;
  /** Since the setting has events erased earlier: the announced instant before which nothing is erased; `null` once it has begun. */
  @InstantColumn({ nullable: true }) beginsAt: number | null;
  /** When it is looked at next whether there is something to erase; `null` where everything is kept. */
  @InstantColumn({ nullable: true }) eraseDueAt: number | null;
}

/** A thing as it was after the last event about it that is erased. */
@Entity('history_states')
@TenantOwned()
export class HistoryState {
  /** Id of the event with which it began. */
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
  /** Of which kind of things it is. */
  @VarcharColumn(32) kind: string;
  @VarcharColumn(64) targetId: string;
  @VarcharColumn(128, { nullable: true }) kid: string | null;
  /** When it began. */
  @InstantColumn() occurredAt: number;
  /** What it is in RFC 8785 JSON, with `null` in the places of the personal fields; compressed (RFC 1951), as a key may have hundreds of versions. */
  @SealedColumn() content: Buffer;
  /** The personal fields under the keys of their months, as JSON. */
  @TextColumn() personal: string;
  /** SHA-256 of all of it but the sealed bytes, hexadecimal. */
  @VarcharColumn(64) hash: string;
}
