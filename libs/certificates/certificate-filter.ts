import { subjectsOf } from '#contacts';
import { type EpochMilliseconds, definedMembers } from '#core';
import { Between, In, LessThanOrEqual, MoreThanOrEqualInRow, type View, type Where } from '#database';

import { Certificate, CertificateName } from './entities.js';
import { type CertificateState, certificateLifecycle } from './lifecycle.js';

/** Filters of the inventory; a certificate must match all of them. */
export interface CertificateFilter {
  /** The effective state. */
  readonly state?: CertificateState | undefined;
  readonly caId?: string | undefined;
  readonly serviceId?: string | undefined;
  readonly kid?: string | undefined;
  readonly serialNumber?: string | undefined;
  /** The beginning of the common name, or of the whole subject (RFC 4514) if it contains `=`; case-insensitive. */
  readonly subject?: string | undefined;
  /** A whole subject alternative name; case-insensitive. */
  readonly san?: string | undefined;
  /** One of its contacts. */
  readonly owner?: string | undefined;
  readonly expiresBefore?: EpochMilliseconds | undefined;
  readonly expiresAfter?: EpochMilliseconds | undefined;
}

/** Maximum number of certificates with one alternative name; the newest ones. */
const CERTIFICATES_PER_NAME_MAX = 1_000;
const LAST_CHARACTER = '\u{10ffff}';

/** The case-insensitive form of a text for searches. */
export const searchable = (text: string, maxLength: number): string =>
  [...text.normalize('NFC').toLowerCase()].slice(0, maxLength).join('');

/** The condition of a filter, every part of it served by an index; `undefined` if nothing can match. */
export async function conditionOf(view: View, filter: CertificateFilter): Promise<Where<Certificate> | undefined> {
  const { caId, serviceId, kid, serialNumber, subject, san, owner } = filter;
  const named = san === undefined ? undefined : await certificatesNamed(view, san);
  const owned = owner === undefined ? undefined : await subjectsOf(view, 'certificate', owner);
  const ids = named && owned ? named.filter((id) => owned.includes(id)) : (named ?? owned);
  if (ids?.length === 0) return undefined;
  const base = {
    ...definedMembers({ caId, serviceId, kid, id: ids && In(ids) }),
    ...(serialNumber === undefined ? {} : { serialNumber: normalSerialNumber(serialNumber) }),
    ...(subject === undefined ? {} : subjectBeginsWith(subject)),
  };
  return stateConditions(filter.state, view.now).map(({ from = 0, to = Number.MAX_SAFE_INTEGER, ...states }) => {
    const earliest = Math.max(from, (filter.expiresAfter ?? -1) + 1);
    const latest = Math.min(to, (filter.expiresBefore ?? Number.MAX_SAFE_INTEGER) - 1);
    return { ...base, ...states, ...endsBetween(earliest, latest) };
  });
}

/** A bound that excludes nothing would make a database use the index of the expiries, whose order is not that of the list. */
function endsBetween(earliest: EpochMilliseconds, latest: EpochMilliseconds): Where<Certificate> {
  const isOpen = latest >= Number.MAX_SAFE_INTEGER - 1;
  if (earliest === 0) return isOpen ? {} : { notAfter: LessThanOrEqual(latest) };
  return { notAfter: isOpen ? MoreThanOrEqualInRow(earliest) : Between(earliest, latest) };
}

type StateCondition = Pick<Exclude<Where<Certificate>, unknown[]>, 'state'> & { from?: number; to?: number };

/** The rows that are in a state now, by their stored state and their expiry. */
function stateConditions(state: CertificateState | undefined, now: EpochMilliseconds): StateCondition[] {
  if (state === undefined) return [{}];
  const { live } = certificateLifecycle;
  if (live.includes(state)) return [{ state, from: now }];
  if (state === 'expired') return [{ state }, { state: In([...live]), to: now - 1 }];
  return [{ state }];
}

async function certificatesNamed(view: View, san: string): Promise<string[]> {
  const names = await view.find(
    CertificateName,
    { nameSearch: searchable(san, NAME_LENGTH_MAX) },
    { order: { certificateId: 'DESC' }, limit: CERTIFICATES_PER_NAME_MAX },
  );
  return [...new Set(names.map(({ certificateId }) => certificateId))];
}

export const COMMON_NAME_LENGTH_MAX = 128;
export const SUBJECT_LENGTH_MAX = 512;
export const NAME_LENGTH_MAX = 255;

function subjectBeginsWith(text: string): Where<Certificate> {
  const [column, length] = text.includes('=')
    ? (['subjectSearch', SUBJECT_LENGTH_MAX] as const)
    : (['commonNameSearch', COMMON_NAME_LENGTH_MAX] as const);
  const beginning = searchable(text, length);
  return { [column]: Between(beginning, beginning + LAST_CHARACTER) };
}

/** Ignores colons, capitals and leading zeros, which other tools print. */
const normalSerialNumber = (text: string): string => {
  const digits = text.toLowerCase().replaceAll(':', '').replace(/^0+/, '');
  return digits.length % 2 === 0 ? digits : `0${digits}`;
};
