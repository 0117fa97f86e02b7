import type { LogKeyPeriod } from '#audit';
import { toRfc3339 } from '#core';
import { formatVerifierKey } from '#transparency-log';

import { Choice, type FieldDecorator, Flag, Instant, Items, Nested, Text, WholeNumber } from '../http/fields.js';
import { presentInstant } from './page.contract.js';
import { StepUp } from './step-up.contract.js';

const HASH_EXAMPLE = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d';
const ORIGIN_EXAMPLE = 'chancery.example/0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';
const HASHES_MAX = 64;
const Hash = (description: string): FieldDecorator => Text({ max: 64, description, example: HASH_EXAMPLE });
const Hashes = (description: string): FieldDecorator =>
  Items(Text({ max: 64, example: HASH_EXAMPLE }), { maxItems: HASHES_MAX, description, example: [HASH_EXAMPLE] });

export const CHECKPOINT_EXAMPLE = `${ORIGIN_EXAMPLE}
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— ${ORIGIN_EXAMPLE} Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;
export const LOG_PROOF_EXAMPLE = `c2sp.org/tlog-proof@v1
index 41
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=

${CHECKPOINT_EXAMPLE}`;

export class CheckpointQuery {
  @Flag({
    optional: true,
    default: false,
    description: 'The last checkpoint that a witness has cosigned, which may not be the latest one',
    example: true,
  })
  cosigned?: boolean;
}

/** An event and a tree. */
export class InclusionQuery {
  @WholeNumber({ description: 'Sequence number of the event', example: 41 }) sequence: number;
  @WholeNumber({
    optional: true,
    min: 1,
    description: 'Size of the tree; default: the size of the last checkpoint',
    example: 64,
  })
  treeSize?: number;
}

/** Which entry of the log over the checkpoints of all histories. */
export class PlatformProofQuery {
  @WholeNumber({
    optional: true,
    min: 1,
    description: 'Number of entries of the log to consider, for example the size of a stored checkpoint; default: all',
    example: 64,
  })
  before?: number;
}

/** Two trees. */
export class ConsistencyQuery {
  @WholeNumber({ min: 1, description: 'Size of the smaller tree', example: 41 }) from: number;
  @WholeNumber({
    optional: true,
    min: 1,
    description: 'Size of the larger tree; default: the size of the last checkpoint',
    example: 64,
  })
  to?: number;
}

/** The proof that an event is in a tree: RFC 9162 §2.1.3. */
export class InclusionProof {
  @WholeNumber({ description: 'Sequence number of the event', example: 41 }) sequence: number;
  @WholeNumber({ description: 'Size of the tree', example: 64 }) treeSize: number;
  @Hash('Leaf hash of the event, hexadecimal') leafHash: string;
  @Hash('Root of the tree, hexadecimal') rootHash: string;
  @Hashes('Hexadecimal, from the sibling of the leaf to the child of the root') proof: string[];
}

/** The proof that one tree is the beginning of another: RFC 9162 §2.1.4. */
export class ConsistencyProof {
  @WholeNumber({ description: 'Size of the smaller tree', example: 41 }) from: number;
  @WholeNumber({ description: 'Size of the larger tree', example: 64 }) to: number;
  @Hash('Root of the smaller tree, hexadecimal') fromRootHash: string;
  @Hash('Root of the larger tree, hexadecimal') toRootHash: string;
  @Hashes('Hexadecimal, in the order of RFC 9162 §2.1.4.1') proof: string[];
}

/** A log, by its name. */
export class LogKeysQuery {
  @Text({
    optional: true,
    max: 300,
    pattern: /^[^\s+]+$/,
    description: "Name of a log: the first line of its checkpoints; default: the installation's own log",
    example: ORIGIN_EXAMPLE,
  })
  origin?: string;
}

const ALGORITHMS = ['Ed25519', 'ML-DSA-44'] as const;

export class LogKey {
  @Choice(ALGORITHMS, { description: 'Algorithm of the key', example: 'Ed25519' })
  algorithm: (typeof ALGORITHMS)[number];
  @Text({
    max: 3_000,
    description: 'The verifier key (C2SP signed-note): name, key id and public key',
    example: `${ORIGIN_EXAMPLE}+0335e0ae+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k`,
  })
  verifierKey: string;
  @Instant({ description: 'Since when it signs' }) from: string;
  @Instant({
    nullable: true,
    description:
      'When it stops signing, a year after the next key began; `null` for the latest key. It verifies what it ' +
      'signed until then',
  })
  until: string | null;
  @WholeNumber({ min: 1, description: 'Number of the key pair', example: 1 })
  number: number;
  @Instant({
    nullable: true,
    description: 'When it was marked as compromised: later-found checkpoints with only its signature prove nothing',
  })
  compromisedAt: string | null;
  @Text({
    nullable: true,
    max: 32,
    description:
      'Name of the key store that the private key is in and never leaves; `null`: it is sealed in the database',
    example: 'hsm',
  })
  keyStore: string | null;
}

/** Which key is compromised. */
export class LogKeyCompromise extends StepUp {
  @WholeNumber({ min: 1, max: 1_000_000, description: 'Number of the key pair', example: 1 }) number: number;
}

/** What the checkpoints of a log are verified by. Keep it outside of the server: a key from the server proves nothing about the server. */
export class LogKeys {
  @Text({ max: 300, description: 'Name of the log', example: ORIGIN_EXAMPLE }) origin: string;
  @Items(Nested(() => LogKey), {
    maxItems: 200,
    description: 'Oldest first. Each signs every checkpoint between `from` and `until`; one is enough to verify',
  })
  keys: LogKey[];
}

export const presentLogKeys = (origin: string, periods: readonly LogKeyPeriod[]): LogKeys => ({
  origin,
  keys: periods.map(({ key, number, signsFrom, signsUntil, compromisedAt, keyStore }) => ({
    algorithm: key.type === 'mlDsa44' ? 'ML-DSA-44' : 'Ed25519',
    verifierKey: formatVerifierKey(key),
    from: toRfc3339(signsFrom),
    until: presentInstant(signsUntil),
    number,
    compromisedAt: presentInstant(compromisedAt),
    keyStore,
  })),
});
