import { type EpochMilliseconds, type Projection, type RecordedEvent, instantOf, transitions } from '#core';

import { keyEvents } from './events.js';
import {
  type KeyState,
  type KeyVersionState,
  keyLifecycle,
  keyStateAt,
  keyVersionLifecycle,
  versionStateAt,
} from './lifecycle.js';

/** A version of a key, rebuilt from the history. */
export interface KeyVersionAsOf {
  readonly kid: string;
  readonly number: number;
  readonly state: KeyVersionState;
  readonly activatesAt: EpochMilliseconds | null;
  /** Its successor takes over at this instant; it signs until then. */
  readonly retiresAt: EpochMilliseconds | null;
  readonly retiredAt: EpochMilliseconds | null;
}

/** A key, rebuilt from the history. */
export interface KeyAsOf {
  readonly id: string;
  readonly state: KeyState;
  readonly name: string;
  readonly algorithm: string;
  readonly exportable: boolean;
  readonly rotateEverySeconds: number | null;
  /** E-mail addresses of its contacts. */
  readonly contacts: readonly string[];
  /** Until then a deleted key can be restored. */
  readonly destroysAt: EpochMilliseconds | null;
  /** Oldest first, without destroyed versions. */
  readonly versions: readonly KeyVersionAsOf[];
}

/** These events do not list the tokens that a version signed. So a version counts as destroyed from its event on. */
const timing = (version: KeyVersionAsOf) => ({ ...version, lastTokenExpiresAt: Number.POSITIVE_INFINITY });

const versionTransitions = transitions<ReturnType<typeof timing>>(keyVersionLifecycle);

const firstVersion = ({ kid = '', at }: RecordedEvent): KeyVersionAsOf => ({
  kid,
  number: 1,
  state: 'active',
  activatesAt: at,
  retiresAt: null,
  retiredAt: null,
});

const begun = (event: RecordedEvent): KeyAsOf => ({
  id: event.targetId,
  state: 'active',
  name: String(event.after['name']),
  algorithm: String(event.after['algorithm']),
  exportable: event.after['exportable'] === true,
  rotateEverySeconds: (event.after['rotateEverySeconds'] as number | undefined) ?? null,
  contacts: (event.after['contacts'] as readonly string[] | undefined) ?? [],
  destroysAt: null,
  versions: [firstVersion(event)],
});

/** Sets when the signing version retires in favour of the next. */
const signingUntil = (versions: readonly KeyVersionAsOf[], retiresAt: EpochMilliseconds | null): KeyVersionAsOf[] =>
  versions.map((version) => (version.state === 'active' ? { ...version, retiresAt } : version));

/** The next version. A staged one takes over at a known instant; for any other, the previous event retired its predecessor. */
function rotated(row: KeyAsOf, event: RecordedEvent): KeyAsOf {
  const { details, at } = event;
  const activatesAt = instantOf(details['activatesAt']) ?? at;
  const isStaged = activatesAt > at;
  const next: KeyVersionAsOf = {
    ...firstVersion(event),
    number: Number(details['number']),
    state: isStaged ? 'pending' : 'active',
    activatesAt,
  };
  return { ...row, versions: [...(isStaged ? signingUntil(row.versions, activatesAt) : row.versions), next] };
}

/** The end of one version. If it was staged and never takes over, its predecessor continues to sign. */
function versionChanged(row: KeyAsOf, event: RecordedEvent): KeyAsOf {
  const before = row.versions.find(({ kid }) => kid === event.kid);
  const change = versionTransitions[event.action];
  if (!before || !change) return row;
  const { lastTokenExpiresAt: _, ...after } = change(timing(before), event);
  const versions = row.versions.map((version) => (version === before ? after : version));
  const neverSigns = before.state === 'pending' && after.state !== 'active' && row.state === 'active';
  return { ...row, versions: neverSigns ? signingUntil(versions, null) : versions };
}

export const keyProjection: Projection<KeyAsOf> = {
  begins: { [keyEvents.generated.action]: begun, [keyEvents.imported.action]: begun },
  changes: {
    ...transitions<KeyAsOf>(keyLifecycle),
    ...Object.fromEntries(Object.keys(versionTransitions).map((action) => [action, versionChanged])),
    [keyEvents.rotated.action]: rotated,
    [keyEvents.changed.action]: (row, { after }) => ({ ...row, ...(after as Partial<KeyAsOf>) }),
    [keyEvents.deleted.action]: (row, { details }) => ({
      ...row,
      state: 'deleted',
      destroysAt: instantOf(details['destroysAt']),
    }),
  },
  at: (row, instant) => {
    const state = keyStateAt(row, instant);
    if (state === 'destroyed') return undefined;
    const versions = row.versions
      .map((version) => ({ ...version, state: versionStateAt(timing(version), instant) }))
      .filter((version) => version.state !== 'destroyed');
    return { ...row, state, versions };
  },
  lasting: (row) => ({ ...row, versions: row.versions.filter(({ state }) => state !== 'destroyed') }),
};

/** The `kid` of the version that signed at the instant of the row; `undefined` where none did. */
export const signingKidOf = ({ state, versions }: KeyAsOf): string | undefined =>
  state === 'active' ? versions.find((version) => version.state === 'active')?.kid : undefined;
