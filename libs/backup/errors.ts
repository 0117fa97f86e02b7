import { defineErrors } from '#core';

export const backupErrors = defineErrors('backup', {
  BACKUP_UNREADABLE: { kind: 'unprocessable', title: 'The backup cannot be read' },
  BACKUP_DAMAGED: { kind: 'unprocessable', title: 'The backup does not match its manifest' },
  TARGET_NOT_EMPTY: { kind: 'conflict', title: 'The target database is not empty' },
});
