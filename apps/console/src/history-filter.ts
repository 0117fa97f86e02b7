/** The filters of the history, as they are in the address of the page. */
export const FILTERS = {
  actorEmail: 'E-mail address of the actor',
  actor: 'Id of the actor',
  action: 'Action',
  targetType: 'Type of the target',
  targetId: 'Id of the target',
  credentialId: 'Credential',
  kid: 'Key version or certificate (kid)',
  tokenId: 'Token',
  requestId: 'Request',
  sourceAddress: 'Source address',
  from: 'From (RFC 3339)',
  to: 'Until (RFC 3339)',
} as const;

export type FilterName = keyof typeof FILTERS;

const OUTCOMES = ['success', 'denied', 'failed'] as const;
const ORDERS = ['desc', 'asc'] as const;

export type HistorySearch = { readonly [Name in FilterName]?: string } & {
  readonly outcome?: (typeof OUTCOMES)[number];
  readonly order?: (typeof ORDERS)[number];
  /** Whose hours are counted, `2026-11-27`; today where it is absent. */
  readonly day?: string;
};

const DAY = /^\d{4}-\d\d-\d\d$/;

/** What the search part of an address says, without what no filter knows. A number in it is a text, too. */
export function historySearch(search: Readonly<Record<string, unknown>>): HistorySearch {
  const texts = (Object.keys(FILTERS) as FilterName[]).flatMap((name) => {
    const value = search[name];
    const text = typeof value === 'number' ? String(value) : value;
    return typeof text === 'string' && text !== '' ? [[name, text] as const] : [];
  });
  const outcome = OUTCOMES.find((each) => each === search['outcome']);
  const order = ORDERS.find((each) => each === search['order']);
  const { day } = search;
  return {
    ...Object.fromEntries(texts),
    ...(outcome === undefined ? {} : { outcome }),
    ...(order === undefined ? {} : { order }),
    ...(typeof day === 'string' && DAY.test(day) ? { day } : {}),
  };
}

/** The same for the API, which takes several actions. */
export function historyQuery({ action, day: _day, ...rest }: HistorySearch) {
  const actions = action?.split(',').map((each) => each.trim());
  return { ...rest, ...(actions === undefined ? {} : { action: actions }) };
}

/** The event that a proof is asked for, where the address names one. */
export function proofSearch({ sequence }: Readonly<Record<string, unknown>>): { readonly sequence?: number } {
  return typeof sequence === 'number' && Number.isSafeInteger(sequence) && sequence >= 0 ? { sequence } : {};
}

/** An instant, RFC 3339, and a profile whose possible callers are asked for, as the address has them. */
export function asOfSearch({ at, profile }: Readonly<Record<string, unknown>>): {
  readonly at?: string;
  readonly profile?: string;
} {
  return {
    ...(typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? { at } : {}),
    ...(typeof profile === 'string' && profile !== '' ? { profile } : {}),
  };
}
