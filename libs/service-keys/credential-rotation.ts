import { type EpochMilliseconds, defineLifecycle } from '#core';

import {
  type RefusalCode,
  type Situation,
  isLastingActive,
  occupiesInactiveSlot,
  refusalOf,
} from './credential-rules.js';
import { credentialRotationEvents } from './events.js';
import { stateAt } from './lifecycle.js';

const rotationStates = ['running', 'completed', 'cancelled'] as const;
export type CredentialRotationState = (typeof rotationStates)[number];

interface RotationColumns {
  readonly id: string;
  readonly endedAt: EpochMilliseconds | null;
}

const ended = (_: RotationColumns, at: EpochMilliseconds): Partial<RotationColumns> => ({ endedAt: at });

/** A rotation of many credentials: it runs until each of them was rotated or rejected. */
export const credentialRotationLifecycle = defineLifecycle({
  noun: 'credential rotation',
  states: rotationStates,
  initial: ['running'],
  live: ['running'],
  about: ({ id }: RotationColumns) => ({ targetId: id }),
  events: {
    complete: {
      from: ['running'],
      to: 'completed',
      done: 'completed',
      records: credentialRotationEvents.completed,
      sets: ended,
    },
    cancel: {
      from: ['running'],
      to: 'cancelled',
      done: 'cancelled',
      records: credentialRotationEvents.cancelled,
      sets: ended,
    },
  },
});

/** What a rotation does about one credential at an instant. */
export type RotationStep =
  | { readonly kind: 'rotate' }
  /** The overlap of the credential before it has not ended: tried again at that instant. */
  | { readonly kind: 'wait'; readonly until: EpochMilliseconds }
  | { readonly kind: 'reject'; readonly code: RefusalCode };

/**
 * The next step. Where the inactive credential may be deleted, it makes room; one whose overlap has not ended is still
 * accepted, so that it is waited for and not deleted.
 */
export function rotationStep(situation: Situation, deleteInactive: boolean): RotationStep {
  const { credential, siblings, now } = situation;
  if (!deleteInactive) return stepOf(refusalOf('regenerate', situation));
  const overlapped = siblings.filter(
    (sibling) => occupiesInactiveSlot(sibling, now) && stateAt(sibling, now) === 'active',
  );
  const ends = overlapped.map(({ overlapEndsAt }) => overlapEndsAt ?? now);
  if (isLastingActive(credential, now) && ends.length > 0) return { kind: 'wait', until: Math.max(...ends) };
  const kept = siblings.filter((sibling) => stateAt(sibling, now) !== 'inactive');
  return stepOf(refusalOf('regenerate', { ...situation, siblings: kept }));
}

const stepOf = (code: RefusalCode | undefined): RotationStep =>
  code === undefined ? { kind: 'rotate' } : { kind: 'reject', code };
