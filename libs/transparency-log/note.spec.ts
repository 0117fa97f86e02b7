import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import {
  type CheckpointSigner,
  SEED_BYTES,
  Malformed,
  type SignatureType,
  checkpointSigner,
  formatLogProof,
  formatNote,
  formatVerifierKey,
  inclusionProof,
  leafHash,
  openCheckpoint,
  parseCheckpoint,
  parseLogProof,
  parseNote,
  parseVerifierKey,
  readFromLeaves,
  rootOf,
  signNote,
  signersOf,
  verifyLogProof,
} from './index.js';
import { signCheckpoint } from '../../test/support/signed-checkpoint.js';

/** The example of C2SP signed-note. */
const EXAMPLE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE_NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

const ORIGIN = 'history.example/tenant';
const TIME = 1_700_000_000;

const signer = (name: string, type: SignatureType): CheckpointSigner =>
  checkpointSigner(name, type, randomBytes(SEED_BYTES));

const signers = [signer(ORIGIN, 'ed25519'), signer(ORIGIN, 'mlDsa44')];
const witness = signer('witness.example/w1', 'ed25519Cosignature');
const keys = signers.map(({ key }) => key);
const leaves = ['a', 'b', 'c', 'd', 'e'].map((entry) => leafHash(Buffer.from(entry)));

const signed = async (size = leaves.length): Promise<string> =>
  signCheckpoint({ origin: ORIGIN, size, root: await rootOf(size, readFromLeaves(leaves)) }, signers, TIME);

describe('a note', () => {
  it('a note and a verifier key are read and written as in the example of the specification', () => {
    const key = parseVerifierKey(EXAMPLE_KEY);
    const note = parseNote(EXAMPLE_NOTE);
    expect(signersOf(note, [key])).toEqual([key]);
    expect(formatVerifierKey(key)).toBe(EXAMPLE_KEY);
    expect(formatNote(note)).toBe(EXAMPLE_NOTE);
  });

  it('a note whose text was changed is worthless, and one of strangers has no signer', () => {
    const key = parseVerifierKey(EXAMPLE_KEY);
    const note = parseNote(EXAMPLE_NOTE.replace('message', 'massage'));
    expect(() => signersOf(note, [key])).toThrow(Malformed);
    expect(signersOf(note, keys)).toEqual([]);
  });

  it('a note may have empty lines: the last one ends its text', () => {
    expect(parseNote(`one\n\ntwo\n\n${EXAMPLE_NOTE.split('\n\n')[1]}`).text).toBe('one\n\ntwo\n');
  });

  it.each([
    ['without signatures', 'text\n'],
    ['without a last newline', EXAMPLE_NOTE.slice(0, -1)],
    ['with a control character', EXAMPLE_NOTE.replace('This', 'This\t')],
    ['with a signature that is not Base64', EXAMPLE_NOTE.replace('Uw2Q', 'Uw2-')],
    ['with a signature without a name', EXAMPLE_NOTE.replace('example.com/foo ', '')],
    ['of a lone surrogate', `\ud800${EXAMPLE_NOTE}`],
    ['with more signatures than anyone needs', `a\n\n${'— a AAAAAAA=\n'.repeat(65)}`],
  ])('a note %s is malformed', (_name, note) => {
    expect(() => parseNote(note)).toThrow(Malformed);
  });

  it.each([
    ['with another id', EXAMPLE_KEY.replace('530d903a', '530d903b')],
    ['of an unknown type', `example.com/foo+530d903a+${Buffer.alloc(33, 9).toString('base64')}`],
    ['of the wrong length', `example.com/foo+530d903a+${Buffer.alloc(9, 1).toString('base64')}`],
    ['that is something else', 'example.com/foo'],
  ])('a verifier key %s is malformed', (_name, key) => {
    expect(() => parseVerifierKey(key)).toThrow(Malformed);
  });
});

describe('a checkpoint', () => {
  it('a checkpoint is signed by each key of the log, and each alone is enough to open it', async () => {
    const note = await signed();
    expect(note).toMatch(
      /^history\.example\/tenant\n5\n[A-Za-z0-9+/]{43}=\n\n(— history\.example\/tenant [^\n]+\n){2}$/,
    );
    for (const key of keys) {
      expect(openCheckpoint(note, ORIGIN, [key])).toMatchObject({ origin: ORIGIN, size: 5 });
      expect(parseVerifierKey(formatVerifierKey(key))).toEqual(key);
    }
    expect(() => openCheckpoint(note, 'history.example/other', keys)).toThrow(Malformed);
    expect(() => openCheckpoint(note, ORIGIN, [signer(ORIGIN, 'ed25519').key])).toThrow(Malformed);
  });

  it('a checkpoint that was changed is not opened by any of the keys', async () => {
    const note = (await signed()).replace('\n5\n', '\n6\n');
    for (const key of keys) expect(() => openCheckpoint(note, ORIGIN, [key])).toThrow(Malformed);
  });

  it('a cosignature of a witness is verified with its time', async () => {
    const { text, signatures } = parseNote(await signed());
    const cosignature = signNote(text, witness, TIME);
    expect(signersOf({ text, signatures: [...signatures, cosignature] }, [witness.key])).toEqual([witness.key]);
    cosignature.signature[7]! ^= 1;
    expect(() => signersOf({ text, signatures: [cosignature] }, [witness.key])).toThrow(Malformed);
  });

  it.each(['a\n1\n', 'a\n01\n', `a\n1\n${'A'.repeat(43)}=\nextension\n`, 'a\n1\nAAAA\n', `\n1\n${'A'.repeat(43)}=\n`])(
    'a checkpoint is three lines and nothing else: %j',
    (text) => {
      expect(() => parseCheckpoint(text)).toThrow(Malformed);
    },
  );
});

describe('a proof that goes alone', () => {
  it('a proof that goes alone is verified with nothing but the keys', async () => {
    for (const [index, leaf] of leaves.entries()) {
      const proof = await inclusionProof(index, leaves.length, readFromLeaves(leaves));
      const text = formatLogProof({ index, proof, note: await signed() });
      expect(text.startsWith(`c2sp.org/tlog-proof@v1\nindex ${index}\n`)).toBe(true);
      expect(verifyLogProof(parseLogProof(text), leaf, ORIGIN, keys)).toBe(true);
      expect(verifyLogProof(parseLogProof(text), leaves[(index + 1) % 5]!, ORIGIN, keys)).toBe(false);
      const withExtra = text.replace('\nindex', '\nextra AAAA\nindex');
      expect(parseLogProof(withExtra)).toEqual({ ...parseLogProof(text), extra: Uint8Array.of(0, 0, 0) });
      expect(formatLogProof(parseLogProof(withExtra))).toBe(withExtra);
    }
  });

  it.each([
    '',
    'c2sp.org/tlog-proof@v1\n',
    'c2sp.org/tlog-proof@v1\nindex 00\n\nnote',
    'c2sp.org/tlog-proof@v1\nextra A\nindex 1\n\nnote',
    'c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nnote',
  ])('a proof that is not written as the format demands is malformed: %j', (text) => {
    expect(() => parseLogProof(text)).toThrow(Malformed);
  });
});
