import { availableParallelism } from 'node:os';

import { FairLine, coreErrors } from '#core';

import type { GeneratedKey, RsaModulusBits } from './algorithm.js';
import { type AlgorithmName, algorithm, signatureMilliseconds } from './algorithms.js';
import { cryptoErrors } from './errors.js';
import { type SigningHalf, StoredKey } from './stored-key.js';

/**
 * The kinds of expensive work. Each has a line of its own, so that none waits behind a longer kind:
 * - `password`: hashes that a person waits for (sign-in, confirmation), about 100 ms each;
 * - `signature`: one signature that a caller waits for, or a key that is generated as quickly, a few milliseconds;
 * - `batch`: one signature of many that one request asks for;
 * - `key`: generating an RSA key, deriving a key from a passphrase: seconds;
 * - `urgent-key`: the successor of a key that leaked, which does not wait for the other keys.
 */
export type CpuWorkKind = 'password' | 'signature' | 'batch' | 'key' | 'urgent-key';

interface Lane {
  /** How many may run at the same time. */
  readonly limit: number;
  /** How many may wait in all, and of one group. */
  readonly waitingMax: number;
  readonly waitingPerGroupMax: number;
  /** When a caller who was rejected may try again. */
  readonly retryAfterSeconds: number;
}

/** Node's own default (`UV_THREADPOOL_SIZE`): files, name look-ups and everything below share these threads. */
const POOL_THREADS = 4;
const SIGNATURE_THREADS = POOL_THREADS - 2;

const LANES: Readonly<Record<CpuWorkKind, Lane>> = {
  password: { limit: 2, waitingMax: 64, waitingPerGroupMax: 32, retryAfterSeconds: 1 },
  signature: { limit: 2, waitingMax: 2_000, waitingPerGroupMax: 250, retryAfterSeconds: 1 },
  batch: { limit: 1, waitingMax: 500, waitingPerGroupMax: 100, retryAfterSeconds: 2 },
  key: { limit: 1, waitingMax: 64, waitingPerGroupMax: 8, retryAfterSeconds: 10 },
  'urgent-key': { limit: 1, waitingMax: 64, waitingPerGroupMax: 8, retryAfterSeconds: 5 },
};
const SIGNATURES: readonly CpuWorkKind[] = ['signature', 'batch'];
const KINDS = Object.keys(LANES) as CpuWorkKind[];
export const cpuWorkKinds: readonly CpuWorkKind[] = KINDS;

/**
 * What may run together. One thread of the pool is always free for what is none of this, another for a signature
 * whatever passwords and keys do, and one for passwords whatever keys do.
 */
const TOGETHER: readonly { readonly kinds: readonly CpuWorkKind[]; readonly limit: number }[] = [
  { kinds: KINDS, limit: POOL_THREADS - 1 },
  { kinds: ['password', 'key', 'urgent-key'], limit: POOL_THREADS - 2 },
  { kinds: ['key', 'urgent-key'], limit: 1 },
  { kinds: SIGNATURES, limit: SIGNATURE_THREADS },
];

/**
 * Where two signatures would take all processors, only one runs at a time while another tenant signs in line: its requests would
 * wait for a processor, not in any line of ours. So many starts long after each of its signatures.
 */
const STARTS_BESIDE_OTHERS = 8;

/** Whose work it is and what it takes. */
interface CpuWork {
  readonly kind: CpuWorkKind;
  /** The tenant; for sign-ins, the address that they come from. Groups take turns. */
  readonly group: string;
  /** Estimated processor time: a group that had expensive work waits until the others had as much. */
  readonly milliseconds: number;
}

/** What key files cost: the arithmetic of an RSA key, and where they are encrypted, deriving a key from a passphrase. */
export const keyFileWork = {
  check: { kind: 'signature', milliseconds: 20 },
  /** The file says how many rounds; two million at most. */
  decrypt: { kind: 'key', milliseconds: 500 },
  /** 600,000 rounds, once or twice. */
  encrypt: { kind: 'key', milliseconds: 300 },
} as const satisfies Record<string, Omit<CpuWork, 'group'>>;

/** Whose signature it is; `batch` for one of many that a request asks for. */
interface SigningWork {
  readonly group: string;
  readonly kind?: 'signature' | 'batch';
}

/** A piece of work that waits, or its end where it must not wait any longer. */
interface Ticket {
  readonly group: string;
  start(): void;
  cancel(): void;
}

/**
 * The one place where expensive computations start: what takes a thread of the pool for longer than a turn of the event
 * loop. Bounded, fair among tenants by what their work costs, and without a clock.
 */
export class CpuQueue {
  readonly #lines = new Map(KINDS.map((kind) => [kind, new FairLine<Ticket>()]));
  readonly #running = new Map(KINDS.map((kind) => [kind, 0]));
  readonly #rejected = new Map(KINDS.map((kind) => [kind, 0]));
  /** Which kind was started longest ago: it is asked first. */
  readonly #order = [...KINDS];
  #closed = false;
  /** Whose signature took a thread last, and for how many starts more others share the processors. */
  #signingGroup = '';
  #startsBesideOthers = 0;

  /**
   * @param beforeWork is called with a name of the work where it is asked for, and throws where that is a mistake: the
   * server passes what rejects work inside of a database transaction
   * @param traced runs a signature, by its name, as a part of the trace of its request
   * @param processors how many there are for this process
   */
  constructor(
    private readonly beforeWork: (what: string) => void = () => undefined,
    private readonly traced: <T>(name: string, work: () => Promise<T>) => Promise<T> = (_, work) => work(),
    private readonly processors = availableParallelism(),
  ) {}

  /** How many pieces of work of a kind run. */
  running(kind: CpuWorkKind): number {
    return this.#running.get(kind)!;
  }

  /** How many were rejected because too many waited, since the process started. */
  rejected(kind: CpuWorkKind): number {
    return this.#rejected.get(kind)!;
  }

  /** How many pieces of work of a kind wait. */
  waiting(kind: CpuWorkKind): number {
    return this.#lines.get(kind)!.length;
  }

  /**
   * Runs `compute` when it is its turn, in the caller's own asynchronous context.
   * @throws BUSY where too much waits already, or the queue was closed; whatever `compute` throws
   */
  async run<T>({ kind, group, milliseconds }: CpuWork, compute: () => Promise<T>): Promise<T> {
    this.beforeWork(`expensive computation (${kind})`);
    const lane = LANES[kind];
    const line = this.#lines.get(kind)!;
    const isFull = line.length >= lane.waitingMax || line.lengthOf(group) >= lane.waitingPerGroupMax;
    if (isFull || (this.#closed && kind === 'key')) {
      this.#rejected.set(kind, this.#rejected.get(kind)! + 1);
      throw busy(lane);
    }
    await new Promise<void>((resolve, reject) => {
      line.push(group, Math.max(milliseconds, 1), { group, start: resolve, cancel: () => reject(busy(lane)) });
      this.#startNext();
    });
    try {
      return await compute();
    } finally {
      this.#running.set(kind, this.#running.get(kind)! - 1);
      this.#startNext();
    }
  }

  /**
   * A signature: in line where it takes microseconds, else when it is its turn. A key store has a line of its own.
   * @throws KEY_DOES_NOT_FIT, BUSY, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async sign(by: SigningWork, name: AlgorithmName, data: Buffer, key: SigningHalf): Promise<Buffer> {
    const row = algorithm(name);
    if (key instanceof StoredKey) {
      if (!row.fits(key.publicKey)) throw cryptoErrors.KEY_DOES_NOT_FIT(`The key is not one for ${name}`);
      return this.#signInStore(() => key.sign(name, data));
    }
    return this.#signFor(row.fits(key) ? row.signatureMilliseconds(key) : 0, by, async () => row.sign(data, key));
  }

  /** Anything that is signed with a key once, such as a certificate: as `sign`. @throws BUSY; whatever `compute` throws */
  async signWith<T>(by: SigningWork, key: SigningHalf, compute: () => Promise<T>): Promise<T> {
    if (key instanceof StoredKey) return this.#signInStore(compute);
    return this.#signFor(signatureMilliseconds(key), by, compute);
  }

  /** It takes no processor of ours, but long: no transaction may wait for it. */
  async #signInStore<T>(compute: () => Promise<T>): Promise<T> {
    this.beforeWork('signature of a key store');
    return this.traced('sign in key store', compute);
  }

  async #signFor<T>(
    milliseconds: number,
    { group, kind = 'signature' }: SigningWork,
    compute: () => Promise<T>,
  ): Promise<T> {
    return this.traced('sign', async () => {
      if (milliseconds > 0) return this.run({ kind, group, milliseconds }, compute);
      this.beforeWork('signature');
      if (group !== this.#signingGroup) this.#startsBesideOthers = STARTS_BESIDE_OTHERS;
      return compute();
    });
  }

  /**
   * A fresh key.
   * @param modulusBits RSA only
   * @param urgent it does not wait for keys that are not
   * @throws BUSY
   */
  async generate(
    group: string,
    name: AlgorithmName,
    {
      modulusBits,
      urgent = false,
    }: { readonly modulusBits?: RsaModulusBits | undefined; readonly urgent?: boolean } = {},
  ): Promise<GeneratedKey> {
    const row = algorithm(name);
    const milliseconds = row.generationMilliseconds(modulusBits);
    if (milliseconds === 0) {
      this.beforeWork('key generation');
      return row.generate();
    }
    const kind = kindOf(milliseconds);
    const work = { kind: urgent && kind === 'key' ? ('urgent-key' as const) : kind, group, milliseconds };
    return this.run(work, () => row.generate(modulusBits));
  }

  /**
   * Lets a process end in time: long work that waits is rejected and none is taken any more; what runs, and signatures
   * and passwords of requests that are under way, still finish.
   */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#lines.get('key')!.drain()) cancel();
  }

  #startNext(): void {
    for (let kind = this.#nextKind(); kind !== undefined; kind = this.#nextKind()) {
      this.#running.set(kind, this.#running.get(kind)! + 1);
      this.#order.push(...this.#order.splice(this.#order.indexOf(kind), 1));
      const { group, start } = this.#lines.get(kind)!.shift()!;
      if (SIGNATURES.includes(kind)) {
        this.#signingGroup = group;
        this.#startsBesideOthers = Math.max(this.#startsBesideOthers - 1, 0);
      }
      start();
    }
  }

  /** Whether a processor is left to others that sign now. */
  get #leavesProcessor(): boolean {
    return this.#startsBesideOthers > 0 && this.processors <= SIGNATURE_THREADS;
  }

  #nextKind(): CpuWorkKind | undefined {
    const count = (kinds: readonly CpuWorkKind[]): number =>
      kinds.reduce((sum, kind) => sum + this.#running.get(kind)!, 0);
    return this.#order.find(
      (kind) =>
        this.#lines.get(kind)!.length > 0 &&
        count([kind]) < LANES[kind].limit &&
        !(SIGNATURES.includes(kind) && count(SIGNATURES) > 0 && this.#leavesProcessor) &&
        TOGETHER.every(({ kinds, limit }) => !kinds.includes(kind) || count(kinds) < limit),
    );
  }
}

const LONG_MILLISECONDS = 50;

/** The line in which work waits that can take a moment or long, such as making keys of different types. */
export const kindOf = (milliseconds: number): CpuWorkKind => (milliseconds < LONG_MILLISECONDS ? 'signature' : 'key');

const busy = ({ retryAfterSeconds }: Lane): Error => coreErrors.BUSY({ retryAfterSeconds });
