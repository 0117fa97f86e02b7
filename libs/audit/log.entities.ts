import { Entity } from 'typeorm';

import {
  IdColumn,
  InstallationOwned,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  TenantOwned,
  TextColumn,
  VarcharColumn,
  VersionColumn,
} from '#database';

/** How many events the history of a tenant, or of the installation, has. */
@Entity('history_sizes')
@TenantOwned()
export class HistorySize {
  @KeyColumn(36) tenantId: string;
  @InstantColumn() size: number;
  /** How many of them the last checkpoint covers; `null` before the first. */
  @InstantColumn({ nullable: true }) publishedSize: number | null;
}

/** The checkpoint of a history that was signed last. */
@Entity('history_heads')
@TenantOwned('id')
export class HistoryHead {
  /** The tenant, or the installation. */
  @IdColumn() id: string;
  /** What the log is called, for as long as it exists: host of the public URL when it began, and the tenant. */
  @VarcharColumn(300) origin: string;
  @InstantColumn() size: number;
  /** Root of the tree of so many leaves, hexadecimal. */
  @VarcharColumn(64) root: string;
  /** The checkpoint with its signatures. */
  @TextColumn() note: string;
  @InstantColumn() publishedAt: number;
  /** How many events the last checkpoint has that every witness has cosigned. */
  @InstantColumn({ nullable: true }) cosignedSize: number | null;
  /** The same of each witness, by the name and id of its key. */
  @JsonColumn({ nullable: true }) cosignedSizes: Readonly<Record<string, number>> | null;
  /** The last checkpoint that a witness has cosigned, with all its signatures. */
  @TextColumn({ nullable: true }) cosignedNote: string | null;
  /** Since when the checkpoint waits to become an entry of the log of checkpoints; `null` where it is one. */
  @InstantColumn({ nullable: true }) enterAt: number | null;
  /** When the next one may become an entry. */
  @InstantColumn({ nullable: true }) nextEntryAt: number | null;
  @VersionColumn() version: number;
}

/** An entry of the log of checkpoints: what was signed of a history. */
@Entity('history_checkpoints')
@TenantOwned()
export class HistoryCheckpoint {
  @IdColumn() id: string;
  /** Whose history, or the installation's. */
  @ReferenceColumn() tenantId: string;
  /** Its place in the log of checkpoints, from 0, without gaps. */
  @InstantColumn() sequence: number;
  @InstantColumn() size: number;
  /** The checkpoint with its Ed25519 signatures. */
  @TextColumn() note: string;
  @VarcharColumn(64) leafHash: string;
  @InstantColumn() enteredAt: number;
}

/** 256 hashes of one level of a history's tree, or as many as there are. */
@Entity('history_tiles')
@TenantOwned()
export class HistoryTile {
  @KeyColumn(36) tenantId: string;
  /** `<level>/<index>` as C2SP tlog-tiles writes them. */
  @KeyColumn(40) place: string;
  @SealedColumn() hashes: Buffer;
}

/** A key that signs the checkpoints of all histories, or did. */
@Entity('history_keys')
@InstallationOwned()
export class HistoryKey {
  /** The secret of the installation that it is made from, where it is in no key store. */
  @KeyColumn(64) name: string;
  /** From 1, without gaps. */
  @IntegerColumn() number: number;
  @InstantColumn() signsFrom: number;
  /** `null` for the latest one. */
  @InstantColumn({ nullable: true }) signsUntil: number | null;
  /** When it was ended because somebody else may have it. */
  @InstantColumn({ nullable: true }) compromisedAt: number | null;
  /** The key store that its Ed25519 key is in; `null`: it is sealed in the database. */
  @VarcharColumn(32, { nullable: true }) keyStore: string | null;
  /** What it is there. */
  @ReferenceColumn({ nullable: true }) objectId: string | null;
  /** What belongs to one in a key store and is not there. */
  @SealedColumn({ nullable: true }) sealedPart: Buffer | null;
}
