import { expect, it } from 'vitest';

import { crc32c } from './crc32c.js';

// RFC 3720, appendix B.4.
it.each([
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
  ['nothing', Buffer.alloc(0), 0],
])('crc32c of %s is the one of RFC 3720', (_, bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum);
});
