import { PasswordHasher, randomSecret } from '#crypto';
import { PasswordGuard, Users } from '#tenants';

import { CLI, type Terminal, onInstallation } from './terminal.js';

const PASSWORD_BYTES = 18;

/** A further platform administrator. @throws USER_EXISTS, VALIDATION_ERROR */
export const createAdmin = (terminal: Terminal, { email, name }: { email: string; name: string }): Promise<boolean> =>
  onInstallation(terminal, async ({ database }, { adminPassword }) => {
    const users = new Users(database, new PasswordGuard(database, new PasswordHasher()));
    const password = adminPassword?.reveal() ?? randomSecret(PASSWORD_BYTES).reveal().toString('base64url');
    const passwordHash = await users.hashNewPassword(CLI, password, '/password');
    const { id } = await database.platform(CLI, (tx) =>
      users.create(tx, { email, name, passwordHash, platformAdmin: true }),
    );
    terminal.write(`Platform administrator ${email} (${id})\n`);
    terminal.write(
      adminPassword
        ? 'Password: the one in CHANCERY_ADMIN_PASSWORD\n'
        : `Password: ${password}   (shown this once; change it with POST /v1/auth/password)\n`,
    );
    return true;
  });
