import { isMonth } from './months.js';

/** A month of a history whose personal fields were erased. */
export interface ErasedMonth {
  readonly tenantId: string;
  /** `YYYY-MM` */
  readonly month: string;
}

const NAME = /^[^\s/]+\/(?<tenantId>[0-9a-f-]{36})\/erased-months$/;

/** The origin of such a note. No log has this name and no checkpoint this form, so that they cannot be confused. */
export const nameOfErasure = (host: string, tenantId: string): string => `${host}/${tenantId}/erased-months`;

/** The text of the note that says that a month was erased. */
export const formatErasure = (name: string, month: string): string => `${name}\n${month}\n`;

/** The content of such a note; `undefined` for other notes. */
export function parseErasure(text: string): (ErasedMonth & { readonly name: string }) | undefined {
  const [name = '', month = ''] = text.split('\n');
  const tenantId = NAME.exec(name)?.groups?.['tenantId'];
  if (tenantId === undefined || !isMonth(month) || text !== formatErasure(name, month)) return undefined;
  return { name, tenantId, month };
}
