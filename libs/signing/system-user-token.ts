import { type EpochMilliseconds, type EpochSeconds, fromRfc3339, toEpochSeconds, toRfc3339 } from '#core';

/** The signed system user token of SuperOffice, taken apart. */
export interface SystemUserToken {
  readonly systemUserToken: string;
  readonly timestamp: string;
  readonly signature: Buffer;
  /** The text before the signature, as it was received. */
  readonly signed: Buffer;
}

const SHAPE = /^(?<prefix>(?<name>.{1,1024})\.(?<stamp>[^.]*))\.(?<signature>[A-Za-z0-9+/]{1,1024}={0,2})$/su;

/** Read from the right: the token itself may hold dots. Only canonical, padded Base64 (RFC 4648 §4) is a signature. */
export function parseSystemUserToken(token: string): SystemUserToken | undefined {
  const groups = SHAPE.exec(token)?.groups;
  if (!groups) return undefined;
  const signature = Buffer.from(groups['signature']!, 'base64');
  if (signature.toString('base64') !== groups['signature']) return undefined;
  const { prefix, name: systemUserToken, stamp: timestamp } = groups as Record<'prefix' | 'name' | 'stamp', string>;
  return { systemUserToken, timestamp, signature, signed: Buffer.from(prefix) };
}

/** `yyyyMMddHHmm` in UTC, on the 24-hour clock. */
export const minuteStamp = (now: EpochMilliseconds): string => toRfc3339(now).slice(0, 16).replaceAll(/\D/g, '');

/** The beginning of the minute; `undefined` unless it is exactly 12 digits of a minute that exists. */
export function parseMinuteStamp(text: string): EpochSeconds | undefined {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  const instant = digits && fromRfc3339(`${digits[1]}-${digits[2]}-${digits[3]}T${digits[4]}:${digits[5]}:00Z`);
  return typeof instant === 'number' ? toEpochSeconds(instant) : undefined;
}
