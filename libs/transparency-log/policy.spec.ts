import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { formatVerifierKey, parseNote } from '#log-verifier';

import { isWitnessed, parsePolicy } from './policy.js';
import { type CheckpointSigner, SEED_BYTES, checkpointSigner } from './signing.js';
import { signCheckpoint } from '../../test/support/signed-checkpoint.js';
import { cosignaturesIn, formatAddCheckpoint, parseCosignedSize } from './witness.js';

const log = checkpointSigner('log.example/one', 'ed25519', randomBytes(SEED_BYTES));
const witness = (name: string): CheckpointSigner =>
  checkpointSigner(`witness.example/${name}`, 'ed25519Cosignature', randomBytes(SEED_BYTES));
const [x1, x2, x3, y1] = [witness('x1'), witness('x2'), witness('x3'), witness('y1')];
const vkey = ({ key }: CheckpointSigner): string => formatVerifierKey(key);

const note = (...cosigners: readonly CheckpointSigner[]): string =>
  signCheckpoint({ origin: log.key.name, size: 7, root: Buffer.alloc(32, 1) }, [log, ...cosigners], 1_700_000_000);

const DEFINED = `
# two of the three, and the other one
log ${vkey(log)} https://log.example
witness X1 ${vkey(x1)}
  witness\tX2 ${vkey(x2)} https://x2.example
witness X3 ${vkey(x3)}
witness Y1 ${vkey(y1)}
group X 2 X1 X2 X3
group X-and-Y all X Y1
`;

describe('a policy of witnesses', () => {
  it.each([
    ['none', [], true],
    ['X1', [x1], true],
    ['X1', [x2], false],
    ['X', [x1], false],
    ['X', [x1, x3], true],
    ['X-and-Y', [x1, x2, x3], false],
    ['X-and-Y', [x2, x3, y1], true],
  ] as const)('the quorum %s, case %#, is met or not', (quorum, cosigners, expected) => {
    const policy = parsePolicy(`${DEFINED}quorum ${quorum}\n`);
    expect(policy.logs).toEqual([log.key]);
    expect(isWitnessed(parseNote(note(...cosigners)), policy)).toBe(expected);
  });

  it('a cosignature that does not verify makes the note worthless, also where enough others have cosigned', () => {
    const other = signCheckpoint({ origin: log.key.name, size: 8, root: Buffer.alloc(32, 2) }, [x1], 1_700_000_000);
    const forged = note(x2, x3) + other.slice(other.lastIndexOf('\n\n') + 2);
    expect(() => isWitnessed(parseNote(forged), parsePolicy(`${DEFINED}quorum X\n`))).toThrow('does not verify');
  });

  it.each([
    ['has no quorum', DEFINED, 'no quorum'],
    ['has two quorums', `${DEFINED}quorum X\nquorum X1`, 'second quorum'],
    ['names what is defined later', `quorum X1\n${DEFINED}`, 'Line 1'],
    ['has a name twice', `${DEFINED}witness X1 ${vkey(witness('z'))}\nquorum X`, 'taken'],
    ['defines none', `${DEFINED}group none any Y1\nquorum X`, 'group already'],
    ['counts a witness twice', `${DEFINED}group Z any X1\nquorum Z`, 'group already'],
    ['has a key twice', `${DEFINED}witness Z ${vkey(y1)}\nquorum X`, 'there already'],
    ['has a threshold above the members', `${DEFINED}group Z 2 X-and-Y\nquorum Z`, 'threshold'],
    ['has a threshold of 0', `${DEFINED}group Z 0 X-and-Y\nquorum Z`, 'threshold'],
    ['has another word', `${DEFINED}threshold 2\nquorum X`, 'no log'],
    ['has a control character', `${DEFINED}quorum X\r\n`, 'not a policy'],
  ])('a policy that %s is rejected', (_, text, message) => {
    expect(() => parsePolicy(text)).toThrow(message);
  });
});

describe('the protocol of a witness', () => {
  it('a request is the old size, the proof, an empty line and the checkpoint', () => {
    const hash = Buffer.alloc(32, 3);
    const text = formatAddCheckpoint({ oldSize: 4, proof: [hash, hash], note: note() });
    expect(text).toBe(`old 4\n${hash.toString('base64')}\n${hash.toString('base64')}\n\n${note()}`);
    expect(formatAddCheckpoint({ oldSize: 0, proof: [], note: note() })).toBe(`old 0\n\n${note()}`);
  });

  it('the size of a witness is one decimal line', () => {
    expect(parseCosignedSize('20\n')).toBe(20);
    for (const answer of ['20', '020\n', '-1\n', '20\n20\n', '99999999999999999\n']) {
      expect(() => parseCosignedSize(answer)).toThrow('names no size');
    }
  });

  it('only verified cosignatures of the witness itself, with a time, are taken from an answer', () => {
    const lines = (stamp: number, ...signers: readonly CheckpointSigner[]): string => {
      const signed = signCheckpoint({ origin: log.key.name, size: 7, root: Buffer.alloc(32, 1) }, signers, stamp);
      return signed.slice(signed.lastIndexOf('\n\n') + 2);
    };
    const { text } = parseNote(note());
    expect(cosignaturesIn(lines(1, x2, x1), text, x1.key)).toHaveLength(1);
    expect(() => cosignaturesIn(lines(1, x2), text, x1.key)).toThrow('did not cosign');
    expect(() => cosignaturesIn(lines(0, x1), text, x1.key)).toThrow('does not verify');
    expect(() => cosignaturesIn(lines(1, x1), `${text}more\n`, x1.key)).toThrow('does not verify');
  });
});
