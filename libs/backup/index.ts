export { BackupModule } from './backup.module.js';
export { Backups } from './backups.service.js';
export { restore } from './restore.js';
export { Restorations } from './restorations.service.js';
