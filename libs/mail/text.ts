/** What an e-mail says: plain text, which no mail program interprets. */
export interface MailContent {
  readonly subject: string;
  readonly text: string;
}

const SUBJECT_MAX = 200;
/** A sealed column has 64 KiB. */
const TEXT_MAX = 40_000;
const BREAKS_AND_CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
const CONTROLS_IN_LINES = /[\p{Cc}--\n]/gv;
/** Characters that turn the direction of what follows, by which a text can look like another one (UTS #39 §3.1). */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const cut = (text: string, max: number): string => {
  const characters = [...text];
  return characters.length <= max ? text : `${characters.slice(0, max - 1).join('')}…`;
};

/** A name or the like within a line: it can neither begin another line nor another header (RFC 5322 §2.2). */
export const inLine = (text: string): string => text.replace(DIRECTION, '').replace(BREAKS_AND_CONTROLS, ' ').trim();

/** A subject of one line, a text of bounded length, without control characters. */
export const plainContent = ({ subject, text }: MailContent): MailContent => ({
  subject: cut(inLine(subject), SUBJECT_MAX),
  text: cut(text.replace(DIRECTION, '').replace(CONTROLS_IN_LINES, ''), TEXT_MAX),
});
