/** RFC 1123 §2.1: labels of letters, digits and inner hyphens, 1 to 63 characters each, 253 in all. */
const LABELS = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const NUMBER = /(^|\.)(\d+|0x[0-9a-f]*)$/i;

/**
 * Whether the text is a DNS name in preferred syntax, without a wildcard and a final dot. One whose last label is a number
 * is none: it is an address or nothing to those who read it from a URL (RFC 3696 §2, WHATWG URL §3.5 "ends in a number").
 */
export const isDnsName = (text: string): boolean => LABELS.test(text) && !NUMBER.test(text);

/** The same with a wildcard as the whole first label where there is one, 253 characters in all (RFC 9525 §6.3). */
export const isDnsNameOrWildcard = (text: string): boolean =>
  text.length <= 253 && isDnsName(text.replace(/^\*\./, ''));
