export type { License, LicenseRevision } from './entities.js';
export type { Customer } from './entitlement.js';
export { licensingErrors } from './errors.js';
export { licenseEvents } from './events.js';
export { type AcceptedUpdate, type LicenseUpdate, Licensing } from './licensing.service.js';
export { LicensingModule, licensingEntities } from './licensing.module.js';
