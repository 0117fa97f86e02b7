import { defineErrors } from '#core';

export const backupErrors = defineErrors('backup', {
  BACKUP_UNREADABLE: { kind: 'unprocessable', title: 'The backup cannot be read' },
  BACKUP_DAMAGED: { kind: 'unprocessable', title: 'The backup is not what its manifest says' },
  TARGET_NOT_EMPTY: { kind: 'conflict', title: 'The database to restore into is not empty' },
});
