import type { EpochMilliseconds } from './clock.js';

/** UUIDv7 and UUIDv4 in lower case, as the API prints them. */
export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The nil UUID (RFC 9562 §5.9): the installation itself, in place of a tenant. */
export const INSTALLATION_ID = '00000000-0000-0000-0000-000000000000';

export const isUuid = (text: string): boolean => UUID_PATTERN.test(text);

/**
 * Makes UUIDv7 generators (RFC 9562 §5.7) whose values rise strictly within one process: the 12 bits after the version
 * are a counter (method 1 of §6.2) that starts at random in each millisecond and borrows from the next when it is full,
 * so that rows inserted in order are also ordered by id.
 *
 * @param randomBytes a source of cryptographic randomness; randomness is passed in because this library is pure
 */
export function uuidv7Source(randomBytes: (length: number) => Uint8Array): (now: EpochMilliseconds) => string {
  let last = 0;
  let counter = 0;
  return (now) => {
    const random = randomBytes(10);
    if (now > last) {
      last = now;
      // The top bit stays free so that a burst within one millisecond has room to count.
      counter = ((random[0]! & 0x07) << 8) | random[1]!;
    } else if (++counter > 0xfff) {
      last += 1;
      counter = 0;
    }
    const time = last.toString(16).padStart(12, '0');
    const tail = [...random.subarray(2)].map((byte, index) => (index === 0 ? (byte & 0x3f) | 0x80 : byte));
    const hex = `${time}7${counter.toString(16).padStart(3, '0')}${tail.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}
