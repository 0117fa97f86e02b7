import { RepeatedEvents } from '#audit';
import type { Configuration } from '#config';
import { Secret } from '#core';
import { PasswordHasher, randomSecret } from '#crypto';
import type { Installation } from '#installation';
import { PasswordGuard, RefusedPasswords, Users } from '#tenants';

import { CLI, type Terminal, onInstallation } from './terminal.js';

const PASSWORD_BYTES = 18;

const usersOf = ({ database }: Installation): Users => {
  const refusals = new RefusedPasswords(database, new RepeatedEvents(database));
  return new Users(database, new PasswordGuard(database, new PasswordHasher()), refusals);
};

/** The password in CHANCERY_ADMIN_PASSWORD, or a random one, and the line that tells it. */
function newPassword({ adminPassword }: Configuration): { password: Secret; shown: string } {
  if (adminPassword) return { password: adminPassword, shown: 'Password: the one in CHANCERY_ADMIN_PASSWORD\n' };
  const password = randomSecret(PASSWORD_BYTES).reveal().toString('base64url');
  const shown = `Password: ${password}   (shown this once; change it with POST /v1/auth/password)\n`;
  return { password: new Secret(password), shown };
}

/** A further platform administrator. @throws USER_EXISTS, VALIDATION_ERROR */
export const createAdmin = (terminal: Terminal, { email, name }: { email: string; name: string }): Promise<boolean> =>
  onInstallation(terminal, async (installation, configuration) => {
    const users = usersOf(installation);
    const { password, shown } = newPassword(configuration);
    const passwordHash = await users.hashNewPassword(CLI, password.reveal(), '/password');
    const { id } = await installation.database.platform(CLI, (tx) =>
      users.create(tx, { email, name, passwordHash, platformAdmin: true }),
    );
    terminal.write(`Platform administrator ${email} (${id})\n${shown}`);
    return true;
  });

/**
 * A new password for a user who lost theirs; their sessions end.
 * @param options.tenant id or slug, for an account that only this tenant knows
 * @throws NOT_FOUND, VALIDATION_ERROR
 */
export const resetPassword = (
  terminal: Terminal,
  { email, tenant }: { email: string; tenant?: string },
): Promise<boolean> =>
  onInstallation(terminal, async (installation, configuration) => {
    const { password, shown } = newPassword(configuration);
    await usersOf(installation).resetPassword(CLI, email, password.reveal(), tenant);
    terminal.write(`The password of ${email} was reset; all sessions ended\n${shown}`);
    return true;
  });
