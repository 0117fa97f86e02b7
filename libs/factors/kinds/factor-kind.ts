import type { EpochMilliseconds, Json } from '#core';

import type { RelyingParty } from '../relying-party.js';

/** Whose factor it is, as the application or the device of the person shows it. */
export interface Holder {
  readonly userId: string;
  readonly email: string;
}

/** What verification depends on beside the factor. */
export interface Circumstances {
  readonly now: EpochMilliseconds;
  /** Random, 256 bits in base64url; answered by factors that sign. */
  readonly challenge: string;
  readonly relyingParty: RelyingParty | undefined;
}

/** What a factor is verified by, once it is confirmed. */
export interface Material {
  /** Kept sealed. */
  readonly material: Buffer;
  /** The newest step or signature count that was accepted: what comes with an earlier one is rejected. */
  readonly counter: number;
}

/** A factor that waits for its first proof. */
interface Enrolment {
  /** `null` where the holder makes it. */
  readonly material: Buffer | null;
  /** For the holder alone, to set up the application or the device; shown once. */
  readonly shown: Json;
}

/** One kind of second factor. `undefined` is the answer to every proof that is not accepted. */
export interface FactorKind {
  /** @throws PASSKEYS_UNAVAILABLE */
  enrol(holder: Holder, others: readonly Material[], circumstances: Circumstances): Promise<Enrolment>;
  /** @param material of the enrolment */
  confirm(material: Buffer | null, proof: Json, circumstances: Circumstances): Promise<Material | undefined>;
  /** @returns the counter from now on */
  verify(factor: Material, proof: Json, circumstances: Circumstances): Promise<number | undefined>;
}
