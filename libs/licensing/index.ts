export type { License, LicenseRevision } from './entities.js';
export { licensingErrors } from './errors.js';
export { type AcceptedUpdate, Licensing } from './licensing.service.js';
export { LicensingModule } from './licensing.module.js';
