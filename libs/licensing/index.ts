import type { EntityClass } from '#database';
import { License, LicenseRevision } from './entities.js';

export const licensingEntities: readonly EntityClass[] = [License, LicenseRevision];
export type { License, LicenseRevision } from './entities.js';
export type { Customer } from './entitlement.js';
export { licensingErrors } from './errors.js';
export { licenseEvents } from './events.js';
export { type AcceptedUpdate, type LicenseUpdate, Licensing } from './licensing.service.js';
