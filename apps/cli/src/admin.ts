import type { Configuration } from '#installation';
import { Secret } from '#core';
import { randomSecret } from '#crypto';
import { Database } from '#database';
import { Tenants, Users } from '#tenants';

import { CLI, configurationOf, onInstallation } from './installation.js';
import type { Terminal } from './terminal.js';

const PASSWORD_BYTES = 18;

/** The password in CHANCERY_ADMIN_PASSWORD, or a random one, and the line that tells it. */
function newPassword({ adminPassword }: Configuration): { password: Secret; shown: string } {
  if (adminPassword) return { password: adminPassword, shown: 'Password: the one in CHANCERY_ADMIN_PASSWORD\n' };
  const password = randomSecret(PASSWORD_BYTES).reveal().toString('base64url');
  const shown = `Password: ${password}   (shown this once; change it in the console)\n`;
  return { password: new Secret(password), shown };
}

/** A further platform administrator. @throws USER_EXISTS, VALIDATION_ERROR */
export const createAdmin = (terminal: Terminal, { email, name }: { email: string; name: string }): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const users = context.get(Users);
    const { password, shown } = newPassword(configurationOf(context));
    const passwordHash = await users.hashNewPassword(CLI, password.reveal(), '/password');
    const { id } = await context
      .get(Database)
      .platform(CLI, (tx) => users.create(tx, { email, name, passwordHash, platformAdmin: true }));
    terminal.write(`Platform administrator ${email} (${id})\n${shown}`);
    return true;
  });

/**
 * A new password for a user who lost theirs; their sessions end.
 * @param options.tenant id or slug, for an account that only this tenant knows
 * @param options.clearFactors whether the second factors are deleted, too
 * @throws NOT_FOUND, VALIDATION_ERROR
 */
export const resetPassword = (
  terminal: Terminal,
  { email, tenant, clearFactors }: { email: string; tenant?: string; clearFactors?: boolean },
): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const { password, shown } = newPassword(configurationOf(context));
    await context
      .get(Users)
      .resetPassword(CLI, email, password.reveal(), { tenant, clearFactors: clearFactors ?? false });
    const factors = clearFactors ? 'its second factors were deleted; ' : '';
    terminal.write(`The password of ${email} was reset; ${factors}all sessions ended\n${shown}`);
    return true;
  });

/** Members of a tenant may sign in with passwords again, where its identity provider fails. @throws NOT_FOUND */
export const allowPasswords = (terminal: Terminal, { tenant }: { tenant: string }): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    await context.get(Tenants).allowPasswords(CLI, tenant);
    terminal.write(`The tenant ${tenant} accepts sessions that began with a password again\n`);
    return true;
  });
