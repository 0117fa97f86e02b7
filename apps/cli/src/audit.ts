import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { type ExportFormat, HistoryExport, exportFormats } from '#audit';
import { type TenantScope, isUuid } from '#core';
import { Malformed, type VerifierKey, type WitnessPolicy, parsePolicy, parseVerifierKey } from '#transparency-log';

import { CLI, onInstallation } from './installation.js';
import { Refusal, type Terminal } from './terminal.js';
import { verifyExport } from './verify-export.js';
import { enteredCheckpoints } from './verify-platform.js';

/** What a difference ends with; a command that cannot be run at all ends with 1. */
const DIFFERENCE = 2;

interface ExportOptions {
  readonly out: string;
  readonly tenant?: string;
  readonly format: string;
  readonly from?: string;
  readonly to?: string;
  readonly cosigned?: boolean;
}

/** Writes the history of a tenant, or of the installation, to a file, and the checkpoint that covers it beside it. */
export const exportHistory = (terminal: Terminal, options: ExportOptions): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const { tenant, out } = options;
    if (tenant !== undefined && !isUuid(tenant)) throw new Refusal('--tenant takes the id of a tenant.');
    const exporting = context.get(HistoryExport);
    const scope = tenant === undefined ? CLI : ({ ...CLI, tenantId: tenant } satisfies TenantScope);
    const { cosigned } = options;
    const period = { from: instantOf('--from', options.from), to: instantOf('--to', options.to) };
    const { header, content } = await exporting.begin(scope, { format: formatOf(options.format), cosigned, ...period });
    await pipeline(content, createWriteStream(out, { mode: 0o600 }));
    await writeFile(`${out}.checkpoint`, header.checkpoint, { mode: 0o600 });
    terminal.write(`${header.count} events of ${header.origin} are in ${out}, their checkpoint in ${out}.checkpoint\n`);
    return true;
  });

interface VerifyOptions {
  readonly export: string;
  readonly checkpoint?: string;
  readonly since?: string;
  readonly consistency: readonly string[];
  readonly key: readonly string[];
  readonly witness: readonly string[];
  readonly policy?: string;
  readonly platform: readonly string[];
  readonly platformKey: readonly string[];
  readonly platformSince?: string;
  readonly platformConsistency: readonly string[];
}

/** Verifies an export without a server, a database or a network. @returns the exit code: 0, or 2 for any difference */
export async function verifyHistory(terminal: Terminal, options: VerifyOptions): Promise<number> {
  const policy = await policyIn(options.policy);
  const keys = [...options.key.map((key) => keyOf('--key', key)), ...(policy?.logs ?? [])];
  const witnesses = options.witness.map((key) => keyOf('--witness', key));
  const consistency = await Promise.all(options.consistency.map((path) => readFile(path, 'utf8')));
  const [checkpoint, since] = await Promise.all([options.checkpoint, options.since].map(noteIn));
  let entered: readonly string[];
  try {
    entered = await enteredIn(options);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    terminal.write(`DIFFERENT ${error.message}\n`);
    return DIFFERENCE;
  }
  const {
    problems,
    events,
    erased,
    isWhole,
    erasedBefore,
    earlier,
    checkpoint: covering,
  } = await verifyExport(linesOf(options.export), {
    checkpoint,
    since,
    consistency,
    entered,
    keys,
    witnesses,
    policy,
  });
  for (const problem of problems) terminal.write(`DIFFERENT ${problem}\n`);
  if (problems.length > 0) return DIFFERENCE;
  terminal.write(`${events} events are in the checkpoint of ${covering!.size} events of ${covering!.origin}.\n`);
  if (!isWhole && erasedBefore === 0) {
    terminal.write(`They are a part of it: earlier or later events are not in the export.\n`);
  }
  if (erasedBefore > 0) {
    terminal.write(
      isWhole
        ? `The ${erasedBefore} events before them are erased, as an event of the history says: their hashes are verified.\n`
        : `The ${erasedBefore} first events of the history are said to be erased: export the whole of it to verify that an event says so.\n`,
    );
  }
  for (const [month, count] of erased.counts()) {
    terminal.write(`The personal fields of ${count} of them are erased: those of ${month}.\n`);
  }
  const unrecorded = erased.unrecorded();
  for (const log of new Set(earlier)) {
    terminal.write(
      `The database was restored from a backup, as an event says: before, the history was the log ${log}, which ended.\n`,
    );
  }
  if (since !== undefined) terminal.write('They continue the checkpoint that was kept.\n');
  if (entered.length > 0) terminal.write('They continue the checkpoints in the log of checkpoints.\n');
  if (keys.length === 0) terminal.write('No --key was given: who signed the checkpoint was not verified.\n');
  if (unrecorded.length > 0 && !isWhole) {
    terminal.write(
      'Export the whole history to verify that an event says of each of these months that it was erased.\n',
    );
    return 0;
  }
  for (const month of unrecorded) {
    terminal.write(
      `WARNING no event says that ${month} was erased: its personal fields may have been removed otherwise\n`,
    );
  }
  return unrecorded.length > 0 ? DIFFERENCE : 0;
}

/** The checkpoints of the history in the log of the platform that are to be compared. @throws Malformed for any difference */
async function enteredIn(options: VerifyOptions): Promise<readonly string[]> {
  const textsIn = (paths: readonly string[]) => Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const [proofs, consistency] = [await textsIn(options.platform), await textsIn(options.platformConsistency)];
  const since = await noteIn(options.platformSince);
  if (proofs.length === 0) {
    if (since !== undefined || consistency.length > 0) throw new Refusal('--platform is missing.');
    return [];
  }
  if (options.platformKey.length === 0) throw new Refusal('--platform-key is missing.');
  const keys = options.platformKey.map((key) => keyOf('--platform-key', key));
  return enteredCheckpoints({ proofs, keys, since, consistency });
}

function formatOf(text: string): ExportFormat {
  if (!Object.hasOwn(exportFormats, text))
    throw new Refusal(`--format takes ${Object.keys(exportFormats).join(' or ')}.`);
  return text as ExportFormat;
}

function instantOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const instant = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) throw new Refusal(`${option} takes an instant such as 2026-01-31T00:00:00Z.`);
  return instant;
}

function keyOf(option: string, text: string): VerifierKey {
  try {
    return parseVerifierKey(text);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Refusal(`${option}: ${error.message}.`);
  }
}

/** @throws Refusal for a file that is no policy */
async function policyIn(path: string | undefined): Promise<WitnessPolicy | undefined> {
  if (path === undefined) return undefined;
  try {
    return parsePolicy(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Refusal(`--policy: ${error.message}.`);
  }
}

const noteIn = (path: string | undefined): Promise<string | undefined> =>
  path === undefined ? Promise.resolve(undefined) : readFile(path, 'utf8');

/** The lines of a file. Only the newline ends one: events may hold every other character that some take for an end. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}
