/**
 * One form for every spelling of an address that a mail system delivers to the same person: NFKC, trimmed, lower case.
 * Addresses of accounts are checked, looked up, locked out and stored in this form only, so that `Ä` typed two ways is
 * one user and one counter, and a full-width `＠` cannot pass a check that the stored form would fail.
 */
export const normalizeEmail = (text: string): string => text.normalize('NFKC').trim().toLowerCase();

const ADDRESS = /^[^\s@]+@[^\s@]+$/;
/** Two addresses that look the same are the same (UTS #39 §3.1). */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** RFC 5321 §4.5.3.1.3. */
const CHARACTERS_MAX = 254;

/**
 * Whether an account can have the address; the API is stricter about what is before and after the `@`.
 * @param email as `normalizeEmail` writes it, which can make it longer
 */
export const isEmailAddress = (email: string): boolean =>
  email.length <= CHARACTERS_MAX && email.isWellFormed() && ADDRESS.test(email) && !INVISIBLE.test(email);
