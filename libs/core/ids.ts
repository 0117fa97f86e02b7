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
    const version = `7${HEX[counter >> 8]![1]}${HEX[counter & 0xff]}`;
    const variant = `${HEX[(random[2]! & 0x3f) | 0x80]}${HEX[random[3]!]}`;
    // Written out: every event and every request has such an id, and a loop over the bytes takes ten times as long.
    const node = `${HEX[random[4]!]}${HEX[random[5]!]}${HEX[random[6]!]}${HEX[random[7]!]}${HEX[random[8]!]}${HEX[random[9]!]}`;
    return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${node}`;
  };
}

/** Two hexadecimal digits for each byte. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
