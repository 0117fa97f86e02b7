import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';
import { Malformed, formatLogProof } from '#log-verifier';
import {
  checkpointSigner,
  consistencyProof,
  inclusionProof,
  leafHash,
  readFromLeaves,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '#transparency-log';

import { verifier } from './log-verifier.js';
import {
  type SignedCheckpoint,
  consistencyFindings,
  enteredFindings,
  eventFindings,
  keptEvent,
  readCheckpoint,
  signatureFinding,
} from './proof.js';
import { signCheckpoint } from '../../../test/support/signed-checkpoint.js';

const SIZE_MAX = 20;
const entries = Array.from({ length: SIZE_MAX }, (_, index) => Buffer.from(`{"event":${index}}`));
const leaves = entries.map((entry) => leafHash(entry));
const read = readFromLeaves(leaves);
const forkedRead = readFromLeaves(leaves.with(2, leafHash(Buffer.from('another'))));
const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map((bytes) => Buffer.from(bytes).toString('hex'));

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const origin = 'chancery.example/acme';
const signer = checkpointSigner(origin, 'ed25519', seed(1));
const other = checkpointSigner(origin, 'ed25519', seed(2));
const postQuantum = checkpointSigner(origin, 'mlDsa44', seed(3));
const checkpointOf = async (size: number, from = read, by = [signer]): Promise<SignedCheckpoint> =>
  readCheckpoint(signCheckpoint({ origin, size, root: await rootOf(size, from) }, by, 1_700_000_000));
const refuted = (findings: readonly { readonly holds: boolean; readonly difference?: string }[]): string[] =>
  findings.flatMap(({ holds, difference }) => (holds ? [] : [difference ?? '']));

describe('the verifier in a browser', () => {
  it('proofs of every tree up to 20 verify as they do in Node, and altered ones in neither', async () => {
    for (let size = 1; size <= SIZE_MAX; size += 1) {
      const root = await rootOf(size, read);
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusionProof(index, size, read);
        const claim = { leafHash: leaves[index]!, index, size, root, proof };
        for (const [one, holds] of [
          [claim, true],
          [{ ...claim, leafHash: leafHash(Buffer.from('another')) }, false],
          [{ ...claim, index: index + 1 }, false],
          [{ ...claim, proof: [...proof, root] }, false],
        ] as const) {
          expect([size, index, verifier.verifyInclusion(one), verifyInclusion(one)]).toEqual([
            size,
            index,
            holds,
            holds,
          ]);
        }
      }
      for (let first = 1; first <= size; first += 1) {
        const proof = await consistencyProof(first, size, read);
        const claim = { first, firstRoot: await rootOf(first, read), second: size, secondRoot: root, proof };
        const altered = { ...claim, proof: [...proof, root] };
        expect([verifier.verifyConsistency(claim), verifyConsistency(claim)]).toEqual([true, true]);
        expect([verifier.verifyConsistency(altered), verifyConsistency(altered)]).toEqual([false, false]);
      }
    }
  });

  it.each([signer, postQuantum])('a checkpoint that $key.type signed verifies, and no altered one', async (by) => {
    const checkpoint = await checkpointOf(7, read, [by]);
    const key = verifier.verifierKey(origin, by.key.type, by.key.publicKey);
    expect(signatureFinding('It', checkpoint, [key]).holds).toBe(true);
    const text = checkpoint.note.text.replace('\n7\n', '\n8\n');
    const altered = signatureFinding('It', { ...checkpoint, note: { ...checkpoint.note, text } }, [key]);
    expect(altered.difference).toContain(`A signature of ${origin} does not verify`);
  });
});

describe('the findings of a comparison', () => {
  it('the beginning of the present log is found to be that', async () => {
    const [kept, now] = [await checkpointOf(6), await checkpointOf(SIZE_MAX)];
    const proof = hex(await consistencyProof(6, SIZE_MAX, read));
    expect(refuted(consistencyFindings(kept, now, [signer.key], proof))).toEqual([]);
    expect(refuted(consistencyFindings(kept, kept, [signer.key], []))).toEqual([]);
  });

  it('a fork is named with both roots where the sizes are equal, and with its bound where the log has grown', async () => {
    const kept = await checkpointOf(6);
    const forked = await checkpointOf(6, forkedRead);
    const roots = hex([kept.root, forked.root]);
    expect(refuted(consistencyFindings(kept, forked, [signer.key], []))).toEqual([
      `Two checkpoints of 6 events have different roots, ${roots[0]} (kept) and ${roots[1]} (present): the log was forked`,
    ]);
    const grown = await checkpointOf(SIZE_MAX, forkedRead);
    const proof = hex(await consistencyProof(6, SIZE_MAX, forkedRead));
    const [difference, ...rest] = refuted(consistencyFindings(kept, grown, [signer.key], proof));
    expect([difference, rest]).toEqual([expect.stringContaining('an event before number 6 was changed'), []]);
  });

  it('a log that has become shorter is found, with the number of events that are missing', async () => {
    const [kept, now] = [await checkpointOf(9), await checkpointOf(6)];
    const [difference] = refuted(consistencyFindings(kept, now, [signer.key], []));
    expect(difference).toContain('The log has 6 events and the kept checkpoint 9: the last 3 were removed');
  });

  it('another key is named with the keys that signed, and another log with both names', async () => {
    const kept = await checkpointOf(6);
    const id = (key: { readonly keyId: Uint8Array }): string => `${origin}+${Buffer.from(key.keyId).toString('hex')}`;
    const differences = refuted(consistencyFindings(kept, kept, [other.key], []));
    expect(differences).toEqual(Array(2).fill(`It is signed by ${id(signer.key)}, and the key is ${id(other.key)}`));
    const foreign = { ...kept, origin: 'other.example/acme' };
    expect(refuted(consistencyFindings(foreign, kept, [signer.key], []))).toEqual([
      `The kept one is of other.example/acme, the present one of ${origin}`,
    ]);
  });
});

describe('the findings about the log of the installation', () => {
  const platform = 'chancery.example/installation';
  const logSigner = checkpointSigner(platform, 'ed25519', seed(4));

  /** A log of ten entries, of which entry 3 is the checkpoint of six events; and its kept checkpoint of five. */
  async function claimOf(logged = read) {
    const note = (size: number, from = read): Promise<string> =>
      rootOf(size, from).then((root) => signCheckpoint({ origin, size, root }, [signer], 1_700_000_000));
    const extra = Buffer.from(await note(6, logged));
    const ofLog = readFromLeaves(leaves.slice(0, 10).with(3, leafHash(extra)));
    const log = async (size: number): Promise<string> =>
      signCheckpoint({ origin: platform, size, root: await rootOf(size, ofLog) }, [logSigner], 1_700_000_000);
    return {
      proof: formatLogProof({ index: 3, proof: await inclusionProof(3, 10, ofLog), note: await log(10), extra }),
      logKeys: [logSigner.key],
      now: readCheckpoint(await note(SIZE_MAX)),
      keys: [signer.key],
      continued: hex(await consistencyProof(6, SIZE_MAX, read)),
      kept: { checkpoint: readCheckpoint(await log(5)), proof: hex(await consistencyProof(5, 10, ofLog)) },
    };
  }

  it('an entered checkpoint that the history continues is found, with and without a kept checkpoint of the log', async () => {
    const { kept, ...claim } = await claimOf();
    expect(enteredFindings(claim).map(({ holds }) => holds)).toEqual(Array(4).fill(true));
    const findings = enteredFindings({ ...claim, kept });
    expect(findings.map(({ holds }) => holds)).toEqual(Array(7).fill(true));
    // Each is a row of its own on the page.
    expect(new Set(findings.map(({ text }) => text)).size).toBe(7);
  });

  it('a history that was forked after it was entered is refuted', async () => {
    const [difference, ...rest] = refuted(enteredFindings(await claimOf(forkedRead)));
    expect([difference, rest]).toEqual([expect.stringContaining('an event before number 6 was changed'), []]);
  });

  it('a log that does not continue what was kept of it, lacks the entry, or has other keys is refuted', async () => {
    const claim = await claimOf();
    const shorter = { ...claim.kept, proof: claim.kept.proof.slice(1) };
    expect(refuted(enteredFindings({ ...claim, kept: shorter }))).toEqual([
      expect.stringContaining('an entry before number 5 was changed'),
    ]);
    const elsewhere = claim.proof.replace('index 3', 'index 2');
    expect(refuted(enteredFindings({ ...claim, proof: elsewhere }))).toEqual([
      expect.stringContaining('The proof does not lead from the checkpoint to the root'),
    ]);
    expect(refuted(enteredFindings({ ...claim, logKeys: [signer.key] }))).toHaveLength(2);
  });
});

describe('the findings about an event', () => {
  it('an event is found in a kept checkpoint, and an altered one is refuted with the place of the difference', async () => {
    const kept = await checkpointOf(9);
    const proof = hex(await inclusionProof(4, 9, read));
    const claim = { sequence: 4, bytes: entries[4]!, proof };
    expect(refuted(eventFindings('kept checkpoint', kept, { ...claim, kept: { bytes: entries[4]! } }))).toEqual([]);
    const altered = refuted(
      eventFindings('kept checkpoint', kept, { ...claim, kept: { bytes: Buffer.from('{"event":7}') } }),
    );
    expect(altered).toEqual([
      expect.stringContaining('the event is not what was recorded at place 4'),
      'They differ from byte 9 on: “7}” in yours, “4}” in that of the server',
    ]);
    const ofServer = refuted(eventFindings('kept checkpoint', kept, { ...claim, bytes: entries[5]! }));
    expect(ofServer).toEqual([expect.stringContaining('the event is not what was recorded at place 4')]);
  });

  it('an event that is later than the checkpoint is not looked for in it', async () => {
    const findings = eventFindings('kept checkpoint', await checkpointOf(4), {
      sequence: 4,
      bytes: entries[4]!,
      proof: [],
    });
    expect(refuted(findings)).toEqual(['Its last event is number 3: the checkpoint is older than the event']);
  });

  it('the personal fields of a kept event are compared with the hash in it', async () => {
    const personal = new TextEncoder().encode('{"salt":"AA","values":{"actor":{"name":"Ada"}}}');
    const hash = createHash('sha256').update(personal).digest('hex');
    const bytes = new TextEncoder().encode(JSON.stringify({ personal: { fields: ['actor.name'], hash, month: 'x' } }));
    const claim = { sequence: 0, bytes, proof: [] };
    const checkpoint = await checkpointOf(4);
    const of = (kept: Uint8Array) =>
      eventFindings('kept checkpoint', checkpoint, { ...claim, kept: { bytes, personal: kept } }).at(-1)!;
    expect(of(personal).holds).toBe(true);
    expect(of(personal.with(60 % personal.length, 33))).toMatchObject({ holds: false });
  });

  it('a kept event is canonical JSON, or the line of an export', () => {
    const line = `{"sequence":4,"leafHash":"${'a'.repeat(64)}","event":{"event":4}}\n`;
    expect(keptEvent(line)).toEqual({ sequence: 4, bytes: new TextEncoder().encode('{"event":4}') });
    const personal = '{"salt":"AA","values":{"actor":{"name":"Ada"}}}';
    const withPersonal = line.replace('"event":', `"personal":${personal},"event":`);
    expect(keptEvent(withPersonal)).toEqual({
      sequence: 4,
      bytes: new TextEncoder().encode('{"event":4}'),
      personal: new TextEncoder().encode(personal),
    });
    expect(keptEvent(' {"event":4}\n')).toEqual({ bytes: new TextEncoder().encode('{"event":4}') });
  });
});

describe('a signed checkpoint', () => {
  it.each(['', 'text', `${origin}\n7\nAAAA`, `${origin}\n07\nAAAA\n\n`])('%j is none', (text) => {
    expect(() => readCheckpoint(text)).toThrow(Malformed);
  });

  it('line ends of Windows and a last line without its end change nothing', async () => {
    const note = signCheckpoint({ origin, size: 6, root: await rootOf(6, read) }, [signer], 1_700_000_000);
    for (const text of [note.replaceAll('\n', '\r\n'), note.trimEnd()]) {
      expect(signatureFinding('It', readCheckpoint(text), [signer.key]).holds).toBe(true);
    }
  });
});
