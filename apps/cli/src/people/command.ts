import { type Command, InvalidArgumentError, Option } from 'commander';

import { Refusal, type Terminal } from '../terminal.js';
import { type Server, type ServerOptions, connect } from './server.js';
import { type Columns, membersOf, tableOf } from './table.js';

/** Where commands are added, and what they answer. */
export interface Frame {
  readonly root: Command;
  readonly terminal: Terminal;
  /** Whether all went well, or the exit code. */
  readonly answer: (result: boolean | number) => void;
}

/** What a command does its work with. */
export interface Work<Options> {
  readonly server: Server;
  readonly terminal: Terminal;
  readonly options: Options & ServerOptions;
}

/** @returns the exit code; nothing where all went well */
type Run<Options> = (work: Work<Options>, ...parameters: string[]) => Promise<number | void>;

/** The commands of one noun: some nouns have commands on the host, too. */
export function group({ root }: Frame, name: string, description: string): Command {
  const known = root.commands.find((command) => command.name() === name);
  return (known ?? root.command(name)).description(description);
}

/** Adds `--url`, `--tenant` and the like, which each command for a server takes. */
export const withServerOptions = (command: Command): Command =>
  command
    .option('--json', 'print JSON instead of a table')
    .option('--url <url>', 'the server; default: CHANCERY_URL or the server of the last login')
    .option('--tenant <slug>', 'the tenant; default: CHANCERY_TENANT or your only tenant');

/** A command that calls a server: `run` is given its parameters as they were typed. */
export const does = <Options extends object = object>(
  { terminal, answer }: Frame,
  command: Command,
  run: Run<Options>,
): Command =>
  withServerOptions(command).action(async (...given: unknown[]) => {
    const options = command.opts<Options & ServerOptions>();
    const parameters = given.slice(0, -2).map(String);
    const server = await connect(terminal, options);
    answer((await run({ server, terminal, options }, ...parameters)) ?? true);
  });

/** One of the values of the API. */
export const choice = (flags: string, description: string, values: readonly string[]): Option =>
  new Option(flags, description).choices([...values]);

/** @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

export const collected = (value: string, values: readonly string[] = []): readonly string[] => [...values, value];

const LIMIT_DEFAULT = 50;
const PAGE_MAX = 200;

export interface ListOptions {
  readonly limit?: number;
  readonly all?: boolean;
}

export const withListOptions = (command: Command): Command =>
  command
    .option('--limit <number>', `how many at most; ${LIMIT_DEFAULT} if absent`, wholeNumber)
    .option('--all', 'everything, page after page');

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

/** The first entries of a list, page after page. */
async function itemsOf<Item>(read: (page: PageQuery) => Promise<PageOf<Item>>, max: number): Promise<PageOf<Item>> {
  const items: Item[] = [];
  let cursor: string | null | undefined;
  do {
    const limit = Math.min(PAGE_MAX, max - items.length);
    const page = await read({ limit, ...(typeof cursor === 'string' ? { cursor } : {}) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < max);
  return { items, nextCursor: cursor };
}

/** Every entry of a list, page after page. */
export const everyItem = async <Item>(read: (page: PageQuery) => Promise<PageOf<Item>>): Promise<readonly Item[]> =>
  (await itemsOf(read, Number.POSITIVE_INFINITY)).items;

/** Reads a list page by page, and prints it. */
export async function printList<Item>(
  { terminal, options }: Work<ListOptions>,
  read: (page: PageQuery) => Promise<PageOf<Item>>,
  columns: Columns<Item>,
): Promise<void> {
  const max = options.all ? Number.POSITIVE_INFINITY : (options.limit ?? LIMIT_DEFAULT);
  const { items, nextCursor } = await itemsOf(read, max);
  terminal.write(options.json ? `${JSON.stringify(items, undefined, 2)}\n` : tableOf(items, columns));
  if (nextCursor !== null) terminal.fail(`There are more: --limit <number>, or --all\n`);
}

type Named<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> };

/** The members of a request that the options name. */
export const namedMembers = <Members extends object>(members: Members): Named<Members> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Named<Members>;

/** The members of a request that changes something. @throws Refusal where the options name none */
export function changedMembers<Members extends object>(members: Members): Named<Members> {
  const changed = namedMembers(members);
  if (Object.keys(changed).length === 0) throw new Refusal('Nothing to change: give at least one option');
  return changed;
}

/** Prints one thing. */
export const printItem = ({ terminal, options }: Work<object>, item: object): void =>
  terminal.write(options.json ? `${JSON.stringify(item, undefined, 2)}\n` : membersOf(item));

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The id of a thing that is given by its id or its exact name.
 * @throws Refusal where nothing has the name
 */
export async function idOf(
  reference: string,
  find: (name: string) => Promise<{ readonly items: readonly { readonly id: string }[] }>,
): Promise<string> {
  if (UUID.test(reference)) return reference;
  const [found] = (await find(reference)).items;
  if (found === undefined) throw new Refusal(`NOT_FOUND: nothing is called ${JSON.stringify(reference)}`);
  return found.id;
}
