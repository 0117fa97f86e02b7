import { onInstallation } from './installation.js';
import type { Terminal } from './terminal.js';

/** Opening an installation brings its database to the newest schema. */
export const migrate = (terminal: Terminal): Promise<boolean> =>
  onInstallation(terminal, async () => {
    terminal.write('The database has the newest schema.\n');
    return true;
  });
