import { Entity } from 'typeorm';

import {
  IdColumn,
  InstallationOwned,
  InstantColumn,
  IntegerColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  VarcharColumn,
} from '#database';

import type { FactorKindName } from './kinds/index.js';

/** What a user shows beside the password. It counts from its confirmation on. */
@Entity('factors')
@InstallationOwned()
export class Factor {
  @IdColumn() id: string;
  @ReferenceColumn() userId: string;
  @VarcharColumn(16) kind: FactorKindName;
  @VarcharColumn(100) name: string;
  /** What it is verified by, see its kind; `null` until the holder has made it. */
  @SealedColumn({ nullable: true }) sealedMaterial: Buffer | null;
  /** The newest step or signature count that was accepted. */
  @IntegerColumn() counter: number;
  /** What the confirmation has to answer. */
  @VarcharColumn(64) challenge: string;
  @InstantColumn() createdAt: number;
  @InstantColumn({ nullable: true }) confirmedAt: number | null;
  @InstantColumn({ nullable: true }) lastUsedAt: number | null;
  /** Until when it can be confirmed; `null` once it is. */
  @InstantColumn({ nullable: true }) expiresAt: number | null;
}

/** What takes the place of a lost factor, once. */
@Entity('recovery_codes')
@InstallationOwned()
export class RecoveryCode {
  /** HMAC of the code: how it is found. */
  @KeyColumn(64) lookupHash: string;
  @ReferenceColumn() userId: string;
  @InstantColumn() createdAt: number;
  @InstantColumn({ nullable: true }) usedAt: number | null;
}

/** A question for a second factor that waits for its answer: of a sign-in, or of a session. */
@Entity('factor_challenges')
@InstallationOwned()
export class FactorChallenge {
  /** Keyed hash of what the answer comes with: the token of the sign-in, or the session. */
  @KeyColumn(64) lookupHash: string;
  @ReferenceColumn() userId: string;
  @VarcharColumn(64) challenge: string;
  @IntegerColumn() failures: number;
  /** The identity provider that the sign-in came by; `null` for a password, and for a session. */
  @ReferenceColumn({ nullable: true }) identityProviderId: string | null;
  @InstantColumn() createdAt: number;
  @InstantColumn() expiresAt: number;
}
