import { randomSecret } from '#crypto';

/** Crockford's base 32: no letter that is mistaken for a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUPS = 3;
const GROUP_CHARACTERS = 4;

/** How many codes a user holds. */
export const RECOVERY_CODES = 10;

/** A new code of 60 random bits: `4T2K-9QWF-0M3X`. */
export function newRecoveryCode(): string {
  const bytes = randomSecret(GROUPS * GROUP_CHARACTERS).reveal();
  const text = [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return text.match(new RegExp(`.{${GROUP_CHARACTERS}}`, 'g'))!.join('-');
}

/** The one spelling of what a person typed: letters that look like digits are digits, blanks and hyphens say nothing. */
export const normalizeRecoveryCode = (typed: string): string =>
  typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
