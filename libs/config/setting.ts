import { isIP } from 'node:net';

import type { Setting } from '#core';

/** A setting with a default always has a value. */
export const setting = <T>(row: Setting<T> & { readonly fallback: string }): Setting<T> => row;
export const optional = <T>(row: Omit<Setting<T>, 'fallback'>): Setting<T | undefined> => ({
  ...row,
  fallback: undefined,
});

/** What a setting is where the environment does not say. @throws Error for a setting that is off by default */
export function defaultOf<T>({ variable, fallback, parse }: Setting<T>): T {
  if (fallback === undefined) throw new Error(`${variable} has no default`);
  return parse(fallback);
}

export const text = (value: string): string => value;

export const wholeNumber =
  (min: number, max: number) =>
  (value: string): number => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new Error(`must be a whole number from ${min} to ${max}`);
    return number;
  };

export const oneOf =
  <T extends string>(values: readonly T[]) =>
  (value: string): T => {
    if (!values.includes(value as T)) throw new Error(`must be one of ${values.join(', ')}`);
    return value as T;
  };

export const flag = (value: string): boolean => oneOf(['true', 'false'])(value) === 'true';

export const listOf =
  <T>(parse: (item: string) => T) =>
  (value: string): readonly T[] =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map(parse);

const PREFIX_BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

export function network(value: string): string {
  const [address = '', prefix, ...rest] = value.split('/');
  const bits = PREFIX_BITS[isIP(address)];
  const inRange = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (bits ?? -1));
  if (bits === undefined || !inRange || rest.length > 0) {
    throw new Error('must be a list of networks such as 10.0.0.0/8, 2001:db8::/32');
  }
  return value;
}

export const urlOf =
  (...protocols: string[]) =>
  (value: string): string => {
    const protocol = URL.parse(value)?.protocol;
    if (protocol === undefined || !protocols.includes(protocol)) {
      throw new Error(`must be a URL that starts with ${protocols.join(' or ')}`);
    }
    return value;
  };

/** A URL that paths are appended to, and that others see: without a user, which would be shown, and without an end that is no path. */
export const baseUrlOf =
  (...protocols: string[]) =>
  (value: string): string => {
    const { username, password, search, hash } = new URL(urlOf(...protocols)(value));
    if (username + password + search + hash !== '' || /[?#]$/.test(value)) {
      throw new Error('must be a URL without a user, a query and a fragment');
    }
    return value.replace(/\/+$/, '');
  };
