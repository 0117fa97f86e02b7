import { isMonth } from './months.js';

/** A month of a history whose personal fields were erased. */
export interface ErasedMonth {
  readonly tenantId: string;
  /** `YYYY-MM` */
  readonly month: string;
}

const NAME = /^[^\s/]+\/(?<tenantId>[0-9a-f-]{36})\/erased-months$/;

/** What such a statement is signed as. No log has this name, and no checkpoint this form: neither is taken for the other. */
export const nameOfErasure = (host: string, tenantId: string): string => `${host}/${tenantId}/erased-months`;

/** The text of the note that says that a month was erased. */
export const formatErasure = (name: string, month: string): string => `${name}\n${month}\n`;

/** What a note says; `undefined` where it says something else. */
export function parseErasure(text: string): (ErasedMonth & { readonly name: string }) | undefined {
  const [name = '', month = ''] = text.split('\n');
  const tenantId = NAME.exec(name)?.groups?.['tenantId'];
  if (tenantId === undefined || !isMonth(month) || text !== formatErasure(name, month)) return undefined;
  return { name, tenantId, month };
}
