import type { Command } from 'commander';

import { choices, dataOf } from '#sdk';

import { Refusal } from '../terminal.js';
import {
  type Frame,
  type ListOptions,
  choice,
  does,
  group,
  idOf,
  namedMembers,
  printItem,
  printList,
  wholeNumber,
  withListOptions,
} from './command.js';
import { bytesOf } from './input-file.js';
import type { Server } from './server.js';
import { membersOf, tableOf } from './table.js';

const KEYS = '/v1/tenants/{tenantId}/keys';
const KEY = '/v1/tenants/{tenantId}/keys/{keyId}';

type Algorithm = (typeof choices.NewKey.algorithm)[number];

interface Filter extends ListOptions {
  readonly name?: string;
  readonly state?: (typeof choices.Key.state)[number];
  readonly algorithm?: Algorithm;
  readonly rotatesBefore?: string;
  readonly unusedSince?: string;
}

interface NewKey {
  readonly algorithm: Algorithm;
  readonly modulusBits?: number;
  readonly exportable?: boolean;
  readonly rotateEvery?: number;
}

interface ImportedKey extends Pick<NewKey, 'algorithm' | 'exportable'> {
  readonly name: string;
  readonly format: (typeof choices.KeyToImport.format)[number];
  readonly encrypted?: boolean;
}

async function pathOf({ client, tenant }: Server, reference: string) {
  const tenantId = await tenant();
  const find = (name: string) => dataOf(client.GET(KEYS, { params: { path: { tenantId }, query: { name } } }));
  return { path: { tenantId, keyId: await idOf(reference, find) } };
}

export function addKeyCommands(frame: Frame): void {
  const keys = group(frame, 'keys', 'Signing keys; on the host: the master key and the data keys');

  const list = withListOptions(keys.command('list').description('List the keys'))
    .option('--name <name>', 'only the one with this name')
    .addOption(choice('--state <state>', 'only those in this state', choices.Key.state))
    .addOption(choice('--algorithm <name>', 'only those of this algorithm', choices.NewKey.algorithm))
    .option('--rotates-before <instant>', 'only those whose next version is due before this time')
    .option('--unused-since <instant>', 'only those that signed nothing since this time');
  does<Filter>(frame, list, async (work) => {
    const { server, options } = work;
    const { name, state, algorithm, rotatesBefore, unusedSince } = options;
    const path = { tenantId: await server.tenant() };
    const query = namedMembers({ name, state, algorithm, rotatesBefore, unusedSince });
    await printList(
      work,
      (page) => dataOf(server.client.GET(KEYS, { params: { path, query: { ...page, ...query } } })),
      {
        name: (key) => key.name,
        id: (key) => key.id,
        algorithm: (key) => key.algorithm,
        state: (key) => key.state,
        'next rotation': (key) => key.nextRotationAt,
        'last used': (key) => key.lastUsedAt,
      },
    );
  });

  const show = keys.command('show <key>').description('Show a key and its versions, by its id or name');
  does(frame, show, async (work, reference) => {
    const key = await dataOf(work.server.client.GET(KEY, { params: await pathOf(work.server, reference!) }));
    if (work.options.json) return printItem(work, key);
    const { versions, ...rest } = key;
    work.terminal.write(`${membersOf(rest)}\n${tableOf(versions, VERSIONS)}`);
  });

  const create = keys
    .command('create <name>')
    .description('Generate a key')
    .addOption(choice('--algorithm <name>', 'its algorithm', choices.NewKey.algorithm).makeOptionMandatory())
    .option('--modulus-bits <number>', 'RSA only', wholeNumber)
    .option('--exportable', 'permit exporting its private key')
    .option('--rotate-every <seconds>', 'rotate automatically at this interval', wholeNumber);
  does<NewKey>(frame, create, async (work, name) => {
    const { algorithm, modulusBits, exportable = false, rotateEvery: rotateEverySeconds } = work.options;
    const body = { name: name!, algorithm, exportable, ...namedMembers({ modulusBits, rotateEverySeconds }) };
    const path = { tenantId: await work.server.tenant() };
    const { versions, ...key } = await dataOf(work.server.client.POST(KEYS, { params: { path }, body }));
    printItem(work, { ...key, kid: versions[0]?.kid });
  });

  addImport(frame, keys);

  const rotate = keys
    .command('rotate <key>')
    .description('Rotate a key: the next version signs when all caches of the public keys contain it')
    .option('--immediately', 'let the new version sign immediately');
  does<{ readonly immediately?: boolean }>(frame, rotate, async (work, reference) => {
    const { immediately = false } = work.options;
    const params = await pathOf(work.server, reference!);
    const rotated = await dataOf(work.server.client.POST(`${KEY}/rotate`, { params, body: { immediately } }));
    if (work.options.json) return printItem(work, rotated);
    if ('versions' in rotated) work.terminal.write(tableOf(rotated.versions, VERSIONS));
  });

  const users = keys.command('users <key>').description('Show who signed with a key and when, and what depends on it');
  does(frame, users, async (work, reference) => {
    const params = await pathOf(work.server, reference!);
    const found = await dataOf(work.server.client.GET(`${KEY}/users`, { params }));
    if (work.options.json) return printItem(work, found);
    const { uses, ...dependants } = found;
    work.terminal.write(`${tableOf(uses, USES)}\n${membersOf(dependants)}`);
  });
}

/** The file is sent as it is; what is binary in Base64, as the API reads it. */
function addImport(frame: Frame, keys: Command): void {
  const read = keys
    .command('import <file>')
    .description('Import a key from a file; - reads standard input')
    .requiredOption('--name <name>', 'its name in Chancery')
    .addOption(choice('--algorithm <name>', 'its algorithm', choices.KeyToImport.algorithm).makeOptionMandatory())
    .addOption(choice('--format <format>', 'the format of the file', choices.KeyToImport.format).makeOptionMandatory())
    .option('--encrypted', "ask for the file's passphrase")
    .option('--exportable', 'permit exporting its private key');
  does<ImportedKey>(frame, read, async (work, file) => {
    const { name, algorithm, format, encrypted = false, exportable = false } = work.options;
    const bytes = await bytesOf(work.terminal, file!);
    const data = format === 'pkcs12' ? bytes.toString('base64') : withoutLastNewline(bytes.toString(), format);
    const { ask } = work.terminal;
    if (encrypted && ask === undefined) throw new Refusal('A passphrase is required, but standard input is closed');
    const password = encrypted ? await ask!(`Passphrase of ${file}: `, { hidden: true }) : undefined;
    const body = { name, algorithm, format, data, exportable, ...namedMembers({ password }) };
    const path = { tenantId: await work.server.tenant() };
    const { versions, ...key } = await dataOf(work.server.client.POST(`${KEYS}/import`, { params: { path }, body }));
    printItem(work, { ...key, kid: versions[0]?.kid });
  });
}

/** An editor ends a file by a newline, which is no part of a shared secret. */
const withoutLastNewline = (text: string, format: ImportedKey['format']): string =>
  format === 'secret' || format === 'secret-base64' ? text.replace(/\r?\n$/, '') : text;

type Version = { kid: string; number: number; state: string; activatedAt: string | null; retiredAt: string | null };
const VERSIONS = {
  version: (version: Version) => version.number,
  kid: (version: Version) => version.kid,
  state: (version: Version) => version.state,
  activated: (version: Version) => version.activatedAt,
  retired: (version: Version) => version.retiredAt,
};

type Use = { service: { name: string } | null; profile: string; kid: string; tokens: number; lastUsedAt: string };
const USES = {
  service: (use: Use) => use.service?.name,
  profile: (use: Use) => use.profile,
  kid: (use: Use) => use.kid,
  tokens: (use: Use) => use.tokens,
  'last used': (use: Use) => use.lastUsedAt,
};
