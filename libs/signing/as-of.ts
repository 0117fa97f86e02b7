import type { Json, Projection } from '#core';

import { profileEvents } from './events.js';

/** A token profile, rebuilt from the events that created and changed it. */
export interface TokenProfileAsOf {
  readonly id: string;
  readonly name: string;
  readonly format: string;
  readonly keyId: string | null;
  readonly certificateKid: string | null;
  readonly settings: { readonly [name: string]: Json };
  readonly [member: string]: Json;
}

export const profileProjection: Projection<TokenProfileAsOf> = {
  begins: {
    [profileEvents.created.action]: ({ targetId, after }) => ({
      ...UNKNOWN,
      ...(after as Partial<TokenProfileAsOf>),
      id: targetId,
    }),
  },
  changes: {
    [profileEvents.changed.action]: (row, { after }) => ({
      ...row,
      ...(after as Partial<TokenProfileAsOf>),
      id: row.id,
    }),
    [profileEvents.deleted.action]: () => undefined,
  },
  at: (row) => row,
};

/** The values of a profile whose event was too large to contain them. */
const UNKNOWN = { name: '', format: '', keyId: null, certificateKid: null, settings: {} };
