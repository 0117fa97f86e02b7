/** Longer texts are rejected, whatever they hold. */
const NORMALIZED_CHARACTERS_MAX = 4096;

/**
 * A name as it is stored, compared and looked for: in Normalization Form C (UAX #15), without blanks at its ends, and with one space
 * wherever it has blanks. Databases compare names byte by byte, so that two names are the same where these texts are. What has blanks
 * only stays as it is, to be rejected as such.
 */
export function normalizeName(text: string): string {
  if (text.length > NORMALIZED_CHARACTERS_MAX) return text;
  return (
    text
      .normalize('NFC')
      .replaceAll(/\p{Zs}+/gu, ' ')
      .trim() || text
  );
}

/** Emoji that consist of several characters, invisible ones among them: joiners, variation selectors, tags (UTS #51). */
const EMOJI = /\p{RGI_Emoji}/gv;
/** Scripts whose spelling needs joiners between letters (UAX #31 §2.3). */
const JOINING = 'Arab Syrc Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Tibt'.split(' ');
const LETTERS = `[[${JOINING.map((script) => `\\p{Script_Extensions=${script}}`).join('')}]&&[\\p{L}\\p{M}]]`;
const JOINERS = new RegExp(`(?<=${LETTERS})[\\u200c\\u200d](?=${LETTERS})`, 'gv');
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Whether every character of a name is seen: two names that look the same because one has invisible characters are a trap (UTS #39 §3.1). */
export const isVisibleName = (text: string): boolean =>
  !INVISIBLE.test(text) || !INVISIBLE.test(text.replaceAll(EMOJI, '').replaceAll(JOINERS, ''));

/** The characters of a name that are seen, for names that come from elsewhere and are not rejected. */
export const visibleName = (text: string): string =>
  isVisibleName(text) ? text : text.replaceAll(new RegExp(INVISIBLE, 'gu'), '');
