const LOOKS: Readonly<Record<string, string>> = {
  good: 'border-good bg-good-tint text-good',
  waiting: 'border-warning bg-warning-tint text-warning',
  bad: 'border-danger bg-danger-tint text-danger',
  over: 'border-line bg-page text-soft',
};

/** How a state of any kind looks; what is not named is over. */
const LOOK_OF_STATE: Readonly<Record<string, keyof typeof LOOKS>> = {
  active: 'good',
  valid: 'good',
  accepted: 'good',
  delivered: 'good',
  success: 'good',
  verified: 'good',
  completed: 'good',
  runs: 'good',
  yes: 'good',
  kept: 'good',
  paused: 'bad',
  rotated: 'good',
  added: 'good',
  pending: 'waiting',
  running: 'waiting',
  changed: 'waiting',
  inactive: 'waiting',
  held: 'waiting',
  retired: 'waiting',
  disabled: 'waiting',
  suspended: 'bad',
  compromised: 'bad',
  revoked: 'bad',
  denied: 'bad',
  rejected: 'bad',
  removed: 'bad',
  refuted: 'bad',
  failed: 'bad',
  failing: 'bad',
  expired: 'over',
};

export const Badge = ({ state }: { readonly state: string }) => (
  <span
    className={`inline-block rounded-full border px-2 py-px text-xs whitespace-nowrap ${LOOKS[LOOK_OF_STATE[state] ?? 'over']}`}
  >
    {state.replaceAll('_', ' ')}
  </span>
);
