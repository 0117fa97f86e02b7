import 'reflect-metadata';

import { Command, CommanderError } from 'commander';

import { ConfigurationError } from '#config';
import { DomainError } from '#core';
import { productVersion } from '#installation';

import { allowPasswords, createAdmin, resetPassword } from './admin.js';
import { exportHistory, verifyHistory } from './audit.js';
import { makeBackup, restoreBackup } from './backup.js';
import { diagnose } from './doctor.js';
import { rewrap, rotateDataKeys } from './keys.js';
import { confirm, status } from './scheduler.js';
import { Refusal, type Terminal, onInstallation } from './terminal.js';

/** What a command answers: whether all went well, or the exit code. */
type Action<Options> = (terminal: Terminal, options: Options) => Promise<boolean | number>;

/** The commands; each is one function over the libraries. */
function program(terminal: Terminal, answer: (result: boolean | number) => void): Command {
  const root = new Command('chancery')
    .description('Operates a Chancery installation. Reads the same environment variables as the server.')
    .version(productVersion())
    .exitOverride()
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.fail });
  const does = <Options>(action: Action<Options>) =>
    async function (options: Options): Promise<void> {
      answer(await action(terminal, options));
    };

  root
    .command('migrate')
    .description('Bring the database to the newest schema; several may run it at the same time')
    .action(does(migrate));
  root
    .command('doctor')
    .description('Check configuration, database, clock, master key, file modes and sealed values')
    .option('--all', 'open every sealed value instead of a sample of each tenant')
    .action(does(diagnose));

  const admin = root.command('admin').description('Administrators of the installation');
  admin
    .command('create')
    .description(
      'Create a platform administrator; the password is made and shown once unless CHANCERY_ADMIN_PASSWORD is set',
    )
    .requiredOption('--email <address>', 'what the administrator logs in with')
    .option('--name <name>', 'name of the administrator', 'Platform administrator')
    .action(does(createAdmin));
  admin
    .command('reset')
    .description(
      'Set a new password for a user who lost theirs and end their sessions; made and shown once unless CHANCERY_ADMIN_PASSWORD is set',
    )
    .requiredOption('--email <address>', 'what the user logs in with')
    .option('--tenant <slug>', 'for an account that only this tenant knows, where others have its address')
    .option('--clear-factors', 'delete the second factors and recovery codes of the account, too')
    .action(does(resetPassword));
  admin
    .command('allow-passwords')
    .description('Let the members of a tenant sign in with passwords again, where its identity provider fails')
    .requiredOption('--tenant <slug>', 'the tenant')
    .action(does(allowPasswords));

  root
    .command('backup')
    .description('Write all data but the master key into a folder, while servers go on to work')
    .requiredOption('--to <folder>', 'the folder; it must not exist yet')
    .option('--recipient <age1...>', 'encrypt it to this recipient of age, once for each', collected, [])
    .action(does(makeBackup));
  root
    .command('restore')
    .description(
      'Write a backup into the empty database that the environment names, of any kind, and verify the histories',
    )
    .requiredOption('--from <folder>', 'the folder of the backup')
    .option('--identity <file>', 'file with the identity of age (AGE-SECRET-KEY-1...) that it is encrypted to')
    .option(
      '--newer-export <file>',
      'an export of a history (audit export) that was made after the backup: what it revoked is listed, once for each',
      collected,
      [],
    )
    .action(does(restoreBackup));

  const keys = root.command('keys').description('The master key and the data keys');
  keys
    .command('rewrap')
    .description(
      'Wrap every data key by the current master key; can be stopped, repeated, and run twice at the same time',
    )
    .action(does(rewrap));
  keys
    .command('rotate-data-keys')
    .description('Give tenants new data keys and seal everything anew; can be stopped and repeated')
    .option('--tenant <id>', 'only this tenant')
    .action(does(rotateDataKeys));

  const audit = root.command('audit').description('The history of a tenant, or of the installation');
  audit
    .command('export')
    .description('Write a history to a file, and the checkpoint that covers it beside it')
    .requiredOption('--out <file>', 'the file; its checkpoint goes to <file>.checkpoint')
    .option('--tenant <id>', "the tenant; the installation's own history if absent")
    .option('--format <format>', 'ndjson, which can be verified, or csv', 'ndjson')
    .option('--from <instant>', 'only what happened since')
    .option('--to <instant>', 'only what happened before')
    .action(does(exportHistory));
  audit
    .command('verify')
    .description('Verify an export offline: no server, database or network. Exit code 2 for any difference')
    .requiredOption('--export <file>', 'the export, of the format ndjson')
    .option('--checkpoint <file>', 'the checkpoint that covers it; the one in the export if absent')
    .option('--since <file>', 'a checkpoint that was kept from an earlier time: the export must continue it')
    .option('--key <key>', 'a verifier key of the log (GET /v1/history/keys), once for each', collected, [])
    .option('--witness <key>', 'a verifier key of a witness that must have cosigned, once for each', collected, [])
    .action(does(verifyHistory));

  const scheduler = root.command('scheduler').description('What the scheduler does, and the clock that it goes by');
  scheduler
    .command('status')
    .description('Show whether the scheduler is paused because a clock jumped, and what the clocks show')
    .action(does(status));
  scheduler
    .command('confirm')
    .description('Confirm that the clocks of all hosts show the right time: what is paused goes on')
    .action(does(confirm));
  return root;
}

const collected = (value: string, values: readonly string[]): readonly string[] => [...values, value];

const migrate: Action<object> = (terminal) =>
  onInstallation(terminal, async () => {
    terminal.write('The database has the newest schema.\n');
    return true;
  });

/** Runs one command line and answers its exit code: 0 where all is well, 1 where not, or what the command says. */
export async function run(parameters: readonly string[], terminal: Terminal): Promise<number> {
  let result: boolean | number = true;
  try {
    await program(terminal, (answer) => {
      result = answer;
    }).parseAsync([...parameters], { from: 'user' });
    return typeof result === 'number' ? result : result ? 0 : 1;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    terminal.fail(`${reasonOf(error)}\n`);
    return 1;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DomainError && error.errors) {
    return error.errors.map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`).join('\n');
  }
  if (error instanceof ConfigurationError || error instanceof Refusal || error instanceof DomainError) {
    return error.message;
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
