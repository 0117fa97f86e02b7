import { expect, it } from 'vitest';

import { formatErasure, nameOfErasure, parseErasure } from './erased-month.js';

const tenantId = '01890a5d-ac96-774b-bcce-b302099a8057';
const name = nameOfErasure('keys.example.com:8443', tenantId);

it('the note of an erased month is read as it was written', () => {
  expect(parseErasure(formatErasure(name, '2026-01'))).toEqual({ name, tenantId, month: '2026-01' });
});

it.each([
  ['a checkpoint', `keys.example.com/${tenantId}\n5\nAAAA\n`],
  ['a checkpoint of such a name', `${name}\n5\nAAAA\n`],
  ['another name', formatErasure(`keys.example.com/${tenantId}/months`, '2026-01')],
  ['no tenant', formatErasure('keys.example.com/erased-months', '2026-01')],
  ['no month', formatErasure(name, '2026-1')],
  ['more lines', `${formatErasure(name, '2026-01')}more\n`],
  ['a cut line', `${name}\n2026-01`],
])('the note of an erased month is not %s', (_, text) => {
  expect(parseErasure(text)).toBeUndefined();
});
