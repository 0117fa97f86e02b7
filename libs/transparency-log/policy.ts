import { Malformed, type Note, type VerifierKey, sameBytes } from '#log-verifier';

import { parseVerifierKey, signersOf } from './verifier.js';

/** Whether enough witnesses have cosigned, by those who have. */
type Quorum = (cosigners: ReadonlySet<VerifierKey>) => boolean;

/** Whose checkpoints are trusted, and which witnesses must have cosigned them (C2SP tlog-policy). */
export interface WitnessPolicy {
  readonly logs: readonly VerifierKey[];
  readonly witnesses: readonly VerifierKey[];
  readonly quorum: Quorum;
}

const LINES_MAX = 1_000;
const ALLOWED_CHARACTERS = /^[\t\n\u0020-\u007e\u0080-\u{10ffff}]*$/u;

/** @throws Malformed, with the number of the line */
export function parsePolicy(text: string): WitnessPolicy {
  const lines = text.split('\n');
  if (lines.length > LINES_MAX || !ALLOWED_CHARACTERS.test(text)) throw new Malformed('It is not a policy');
  const policy = new PolicyReader();
  for (const [place, line] of lines.entries()) {
    const words = line.split(/[\t ]+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]!.startsWith('#')) continue;
    try {
      policy.read(words);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new Malformed(`Line ${place + 1} of the policy: ${error.message}`);
    }
  }
  return policy.finish();
}

/** Whether the witnesses that have cosigned a note are enough. @throws Malformed where a cosignature does not verify */
export const isWitnessed = (note: Note, { witnesses, quorum }: WitnessPolicy): boolean =>
  quorum(new Set(signersOf(note, witnesses)));

class PolicyReader {
  readonly #logs: VerifierKey[] = [];
  readonly #witnesses: VerifierKey[] = [];
  readonly #names = new Map<string, Quorum>();
  readonly #members = new Set<string>();
  #quorum: Quorum | undefined;

  read([kind, ...words]: readonly string[]): void {
    if (kind === 'log' && (words.length === 1 || words.length === 2)) {
      this.#logs.push(unlike(this.#logs, parseVerifierKey(words[0]!)));
    } else if (kind === 'witness' && (words.length === 2 || words.length === 3)) {
      const key = unlike(this.#witnesses, parseVerifierKey(words[1]!));
      this.define(words[0]!, (cosigners) => cosigners.has(key));
      this.#witnesses.push(key);
    } else if (kind === 'group' && words.length >= 3) {
      const [name, threshold, ...members] = words;
      const rules = members.map((member) => this.member(member));
      const least = thresholdOf(threshold!, members.length);
      this.define(name!, (cosigners) => rules.filter((rule) => rule(cosigners)).length >= least);
    } else if (kind === 'quorum' && words.length === 1) {
      if (this.#quorum) throw new Malformed('there is a second quorum');
      this.#quorum = words[0] === 'none' ? () => true : this.named(words[0]!);
    } else {
      throw new Malformed('it is no log, witness, group or quorum');
    }
  }

  finish(): WitnessPolicy {
    if (!this.#quorum) throw new Malformed('The policy has no quorum');
    return { logs: this.#logs, witnesses: this.#witnesses, quorum: this.#quorum };
  }

  private define(name: string, rule: Quorum): void {
    if (name === 'none' || this.#names.has(name)) throw new Malformed('the name is taken');
    this.#names.set(name, rule);
  }

  private named(name: string): Quorum {
    const rule = this.#names.get(name);
    if (!rule) throw new Malformed('it names what no line before defines');
    return rule;
  }

  /** Each name counts in one group only, so that no witness counts twice. */
  private member(name: string): Quorum {
    if (this.#members.has(name)) throw new Malformed('a member is in a group already');
    const rule = this.named(name);
    this.#members.add(name);
    return rule;
  }
}

function unlike(known: readonly VerifierKey[], key: VerifierKey): VerifierKey {
  if (known.some(({ publicKey: bytes }) => sameBytes(bytes, key.publicKey)))
    throw new Malformed('the key is there already');
  return key;
}

function thresholdOf(text: string, members: number): number {
  if (text === 'any') return 1;
  if (text === 'all') return members;
  const least = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(least <= members)) throw new Malformed('the threshold is not from 1 to the number of members');
  return least;
}
