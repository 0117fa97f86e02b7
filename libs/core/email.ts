/**
 * One form for every spelling of an address that a mail system delivers to the same person: NFKC, trimmed, lower case.
 * Addresses of accounts are checked, looked up, locked out and stored in this form only, so that `Ä` typed two ways is
 * one user and one counter, and a full-width `＠` cannot pass a check that the stored form would fail.
 */
export const normalizeEmail = (text: string): string => text.normalize('NFKC').trim().toLowerCase();
