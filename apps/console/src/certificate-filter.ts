import type { Schemas } from './queries.js';

type State = Schemas['Certificate']['state'];

/** The filters of the inventory that are texts, as they are in the address of the page, and as people read them. */
export const CERTIFICATE_FILTERS = {
  subject: 'Subject begins with',
  san: 'Alternative name',
  serialNumber: 'Serial number',
  kid: 'kid',
  serviceId: 'Id of the service',
  owner: 'Contact',
} as const;

type TextFilter = keyof typeof CERTIFICATE_FILTERS;

export type CertificateSearch = { readonly [Name in TextFilter]?: string } & {
  readonly state?: State;
  readonly caId?: string;
  /** `2026-11-27`: expires before the start of that day. */
  readonly expiresBefore?: string;
};

/** What the search part of an address says, without what no filter knows. @param states those that the API knows */
export function certificateSearch(
  search: Readonly<Record<string, unknown>>,
  states: readonly State[],
): CertificateSearch {
  const names: readonly string[] = [...Object.keys(CERTIFICATE_FILTERS), 'caId'];
  const texts = names.flatMap((name) => {
    const value = search[name];
    const text = typeof value === 'number' ? String(value) : value;
    return typeof text === 'string' && text !== '' ? [[name, text] as const] : [];
  });
  const state = states.find((each) => each === search['state']);
  const { expiresBefore } = search;
  return {
    ...Object.fromEntries(texts),
    ...(state === undefined ? {} : { state }),
    ...(typeof expiresBefore === 'string' && /^\d{4}-\d\d-\d\d$/.test(expiresBefore) ? { expiresBefore } : {}),
  };
}

/** The same for the API, which takes an instant. */
export const certificateQuery = ({ expiresBefore, ...rest }: CertificateSearch) => ({
  ...rest,
  ...(expiresBefore === undefined ? {} : { expiresBefore: `${expiresBefore}T00:00:00.000Z` }),
});
