import { defineEvents } from '#core';

export const backupEvents = defineEvents('backup', {
  made: 'A backup of the database was created',
  restored: 'The database was restored from a backup: what happened after the backup is lost',
});
