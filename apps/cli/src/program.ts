import { Argument, Command, CommanderError } from 'commander';

import type { NextLogKey } from './keys.js';
import { type Shell, completionScript, shells } from './completion.js';
import { addPeopleCommands } from './people/commands.js';
import { refusalOf } from './people/refusals.js';
import { Refusal, type Terminal } from './terminal.js';

/** What a command answers: whether all went well, or the exit code. */
type Action<Options> = (terminal: Terminal, options: Options) => Promise<boolean | number>;

/** The libraries of the server are loaded by the commands that work on an installation: the others start in a fraction of the time. */
const later =
  <Options>(load: () => Promise<Action<Options>>): Action<Options> =>
  async (terminal, options) => {
    await import('reflect-metadata');
    return (await load())(terminal, options);
  };

const allowPasswords = later(async () => (await import('./admin.js')).allowPasswords);
const createAdmin = later(async () => (await import('./admin.js')).createAdmin);
const resetPassword = later(async () => (await import('./admin.js')).resetPassword);
const exportHistory = later(async () => (await import('./audit.js')).exportHistory);
const verifyHistory = later(async () => (await import('./audit.js')).verifyHistory);
const makeBackup = later(async () => (await import('./backup.js')).makeBackup);
const restoreBackup = later(async () => (await import('./backup.js')).restoreBackup);
const diagnose = later(async () => (await import('./doctor.js')).diagnose);
const rewrap = later(async () => (await import('./keys.js')).rewrap);
const rotateDataKeys = later(async () => (await import('./keys.js')).rotateDataKeys);
const rotateLogKeys = later(async () => (await import('./keys.js')).rotateLogKeys);
const compromiseLogKey = later(async () => (await import('./keys.js')).compromiseLogKey);
const confirm = later(async () => (await import('./scheduler.js')).confirm);
const status = later(async () => (await import('./scheduler.js')).status);
const migrate = later(async () => (await import('./migrate.js')).migrate);

/** The commands; each is one function over the libraries. */
function program(terminal: Terminal, answer: (result: boolean | number) => void): Command {
  const root = new Command('chancery')
    .description(
      'Works with a server of Chancery, and operates an installation of it. The server is the one of CHANCERY_URL and ' +
        'CHANCERY_TOKEN, or of `chancery login`; commands on the host read the same environment variables as the server.',
    )
    .option('-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.fail })
    .commandsGroup('On the host of an installation:');
  const does = <Options>(action: Action<Options>) =>
    async function (options: Options): Promise<void> {
      answer(await action(terminal, options));
    };

  root
    .command('migrate')
    .description('Migrate the database to the newest schema; several processes may run it at the same time')
    .action(does(migrate));
  root
    .command('doctor')
    .description('Check configuration, database, clock, master key, file modes and sealed values')
    .option('--all', 'decrypt every sealed value instead of a sample per tenant')
    .action(does(diagnose));

  const admin = root.command('admin').description('Administrators of the installation');
  admin
    .command('create')
    .description(
      'Create a platform administrator; the password is made and shown once unless CHANCERY_ADMIN_PASSWORD is set',
    )
    .requiredOption('--email <address>', "the administrator's e-mail address for sign-in")
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
    .description('Write all data except the master key to a folder while servers continue to work')
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

  const keys = root.command('keys').description('The master key, the data keys and the keys of the histories');
  keys
    .command('rewrap')
    .description(
      'Wrap every data key by the current master key; can be stopped, repeated, and run twice at the same time',
    )
    .action(does(rewrap));
  keys
    .command('rotate-data-keys')
    .description('Give tenants new data keys and re-encrypt everything; can be stopped and repeated')
    .option('--tenant <id>', 'only this tenant')
    .action(does(rotateDataKeys));
  keys
    .command('rotate-log-keys')
    .description(
      'Make the next keys that sign the checkpoints of the histories; the earlier ones sign beside them for a year',
    )
    .option('--key-store <name>', NEXT_KEY_STORE)
    .option('--no-key-store', NO_KEY_STORE)
    .action(does(rotateLogKeys));
  keys
    .command('compromise-log-key <number>')
    .description(
      'End a key of the histories immediately because somebody else may have it; where it is the latest, the next one is made',
    )
    .option('--key-store <name>', NEXT_KEY_STORE)
    .option('--no-key-store', NO_KEY_STORE)
    .action((number: string, options: NextLogKey) => does(compromiseLogKey)({ number, ...options }));

  const audit = root.command('audit').description('The history of a tenant, or of the installation');
  audit
    .command('export')
    .description('Write a history and the checkpoint that covers it to files')
    .requiredOption('--out <file>', 'the file; its checkpoint goes to <file>.checkpoint')
    .option('--tenant <id>', "the tenant; default: the installation's own history")
    .option('--format <format>', 'ndjson, which can be verified, or csv', 'ndjson')
    .option('--from <instant>', 'only events at or after this time')
    .option('--to <instant>', 'only events before this time')
    .option('--cosigned', 'end with the last checkpoint that a witness has cosigned')
    .action(does(exportHistory));
  audit
    .command('verify')
    .description('Verify an export offline, without server, database or network; exits with 2 for any difference')
    .requiredOption('--export <file>', 'the export in the format ndjson')
    .option('--checkpoint <file>', 'the checkpoint that covers it; default: the one in the export')
    .option('--since <file>', 'an earlier checkpoint that you stored: the export must continue it')
    .option(
      '--consistency <file>',
      'the proof of that (GET .../proofs/consistency), where what the kept checkpoint is of was erased since',
      collected,
      [],
    )
    .option('--key <key>', 'a verifier key of the log (GET /v1/history/keys), once for each', collected, [])
    .option('--witness <key>', 'a verifier key of a witness that must have cosigned; repeatable', collected, [])
    .option(
      '--policy <file>',
      'the logs and witnesses that are trusted, and how many must have cosigned (C2SP tlog-policy)',
    )
    .option(
      '--platform <file>',
      'proof that a checkpoint of the history is in the log of the platform (GET .../history/platform-proof): the export must continue it; once for each',
      collected,
      [],
    )
    .option('--platform-key <key>', 'a verifier key of that log; repeatable', collected, [])
    .option('--platform-since <file>', 'a stored checkpoint of that log: the log must continue it')
    .option(
      '--platform-consistency <file>',
      'the proof of that (GET .../history/platform-consistency), once for each size of the log in the proofs',
      collected,
      [],
    )
    .action(does(verifyHistory));

  const scheduler = root.command('scheduler').description('The scheduler and its clock');
  scheduler.command('status').description("Show the scheduler's state and the clocks").action(does(status));
  scheduler
    .command('confirm')
    .description('Confirm that the clocks of all hosts are correct: paused actions continue')
    .action(does(confirm));
  root.commandsGroup('With a server:');
  addPeopleCommands(root, terminal, answer);
  root
    .command('completion')
    .description('Print a shell completion script')
    .addArgument(new Argument('<shell>', 'the shell').choices([...shells]))
    .action((shell: Shell) => terminal.write(completionScript(root, shell)));
  return root;
}

/** Of a command that makes a key of the histories. */
const NEXT_KEY_STORE =
  'make it in this key store; if absent, in that of CHANCERY_HISTORY_KEY_STORE, or where the latest one is';
const NO_KEY_STORE = 'seal it in the database';

const collected = (value: string, values: readonly string[]): readonly string[] => [...values, value];

/** Runs one command line and answers its exit code: 0 where all is well, 1 where not, or what the command says. */
export async function run(parameters: readonly string[], terminal: Terminal): Promise<number> {
  let result: boolean | number = true;
  try {
    if (parameters[0] === '--version' || parameters[0] === '-V') {
      terminal.write(`${(await import('#installation')).productVersion()}\n`);
      return 0;
    }
    await program(terminal, (answer) => {
      result = answer;
    }).parseAsync([...parameters], { from: 'user' });
    return typeof result === 'number' ? result : result ? 0 : 1;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    const { message, exitCode } =
      error instanceof Refusal ? error : ((await refusalOf(error)) ?? (await reasonOf(error)));
    terminal.fail(`${message}\n`);
    return exitCode;
  }
}

/** Why a command on an installation ended. */
const reasonOf = async (error: unknown): Promise<Refusal> =>
  new Refusal((await import('./reasons.js')).reasonOf(error));
