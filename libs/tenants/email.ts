/**
 * One form for every spelling of an address that a mail system delivers to the same person: NFKC, trimmed, lower case.
 * Looked up, locked out and stored in this form only, so that `Ä` typed two ways is one user and one counter.
 */
export const normalizeEmail = (text: string): string => text.normalize('NFKC').trim().toLowerCase();
