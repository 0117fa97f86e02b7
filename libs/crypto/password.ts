import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Secret, coreErrors, defineErrors } from '#core';
import { CpuQueue } from './cpu-queue.js';

export const passwordErrors = defineErrors('password', {
  PASSWORD_HASH_UNREADABLE: { kind: 'internal', title: 'A stored password hash cannot be read' },
});

/** Argon2id of RFC 9106. */
export interface PasswordParameters {
  readonly memoryKibibytes: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** RFC 9106 §4, second recommendation, with one lane: 64 MiB and 3 passes, about 85 ms. */
export const PASSWORD_PARAMETERS: PasswordParameters = { memoryKibibytes: 64 * 1024, passes: 3, parallelism: 1 };

const SALT_BYTES = 16;
const TAG_BYTES = 32;
const PASSWORD_LENGTH = { minimum: 12, maximum: 256 } as const;

// A hash comes from the database: it must not be able to ask for any amount of work.
const STRONGEST: PasswordParameters = { memoryKibibytes: 256 * 1024, passes: 10, parallelism: 4 };

const computeArgon2 = promisify(argon2);

/**
 * A password as it is hashed: NFKC, so that the same characters typed on another keyboard are the same password.
 *
 * @param pointer JSON pointer of the password in the request (RFC 6901)
 * @throws VALIDATION_ERROR unless it has 12 to 256 characters
 */
export function normalizePassword(text: string, pointer = '/password'): Secret {
  // Bounded before the work of normalising; one code unit can become 18.
  const normalized =
    text.length <= 4 * PASSWORD_LENGTH.maximum && text.isWellFormed() ? text.normalize('NFKC') : undefined;
  const characters = normalized === undefined ? Infinity : [...normalized].length;
  if (normalized === undefined || characters < PASSWORD_LENGTH.minimum || characters > PASSWORD_LENGTH.maximum) {
    const detail = `must have ${PASSWORD_LENGTH.minimum} to ${PASSWORD_LENGTH.maximum} characters`;
    throw coreErrors.VALIDATION_ERROR({
      detail: `The password ${detail}`,
      errors: [{ pointer, code: 'PASSWORD_LENGTH', detail }],
    });
  }
  return new Secret(normalized);
}

/** Hashes a normalised password: `$argon2id$v=19$m=65536,t=3,p=1$salt$hash`, the PHC string format. */
export async function hashPassword(password: Secret, parameters = PASSWORD_PARAMETERS): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return formatPhc(parameters, salt, await compute(password, parameters, salt));
}

/**
 * Whether a normalised password is the one that was hashed, in a time that does not tell how far it matched.
 *
 * @throws PASSWORD_HASH_UNREADABLE where the stored text is not a hash within our bounds
 */
export async function verifyPassword(password: Secret, phc: string): Promise<boolean> {
  const { parameters, salt, tag } = parsePhc(phc);
  return timingSafeEqual(await compute(password, parameters, salt), tag);
}

function compute(password: Secret, parameters: PasswordParameters, salt: Buffer): Promise<Buffer> {
  return computeArgon2('argon2id', {
    message: Buffer.from(password.reveal()),
    nonce: salt,
    parallelism: parameters.parallelism,
    tagLength: TAG_BYTES,
    memory: parameters.memoryKibibytes,
    passes: parameters.passes,
  });
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

const formatParameters = ({ memoryKibibytes, passes, parallelism }: PasswordParameters): string =>
  `m=${memoryKibibytes},t=${passes},p=${parallelism}`;

const formatPhc = (parameters: PasswordParameters, salt: Buffer, tag: Buffer): string =>
  `$argon2id$v=19$${formatParameters(parameters)}$${base64(salt)}$${base64(tag)}`;

// Base64 without padding: a salt of 8 to 64 bytes (ours have 16, imported hashes may differ), a tag of 32.
const PHC_PATTERN =
  /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/;

function parsePhc(phc: string): { parameters: PasswordParameters; salt: Buffer; tag: Buffer } {
  const [, memory, passes, parallelism, salt = '', tag = ''] = PHC_PATTERN.exec(phc) ?? [];
  const parameters = { memoryKibibytes: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const names = ['memoryKibibytes', 'passes', 'parallelism'] as const;
  if (!names.every((name) => parameters[name] >= 1 && parameters[name] <= STRONGEST[name])) {
    throw passwordErrors.PASSWORD_HASH_UNREADABLE();
  }
  return { parameters, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
}

interface PasswordHasherOptions {
  readonly parameters?: PasswordParameters;
  /** Where hashes wait for a thread: that of the whole process, so that they starve nothing else. */
  readonly queue?: CpuQueue;
}

/** Argon2id with these parameters, for scheduling: how it compares with other work matters, not the machine. */
const HASH_MILLISECONDS = 100;

/**
 * Hashes and verifies with a bound on what passwords may cost the process: without one, a flood of sign-ins would take
 * every thread from signing. `group` says whose work it is: groups take turns, so that a flood from one address does
 * not hold up the rest. @throws BUSY from each method when too many wait
 */
export class PasswordHasher {
  readonly parameters: PasswordParameters;
  readonly #queue: CpuQueue;
  #computed = 0;

  constructor({ parameters = PASSWORD_PARAMETERS, queue = new CpuQueue() }: PasswordHasherOptions = {}) {
    this.parameters = parameters;
    this.#queue = queue;
  }

  /** How many hashes were computed since the start. */
  get computed(): number {
    return this.#computed;
  }

  hash(password: Secret, group: string): Promise<string> {
    return this.#run(group, () => {
      this.#computed++;
      return hashPassword(password, this.parameters);
    });
  }

  /**
   * Without a stored hash (no such user) the same work is done and the answer is `false`, so that the time of the answer
   * does not tell which users exist.
   *
   * @param admit runs when it is the turn of this hash, and rejects it by what it throws: what is counted there is work
   * that is done, and not what was answered BUSY
   */
  verify(
    password: Secret,
    phc: string | undefined,
    group: string,
    admit: () => Promise<void> = async () => undefined,
  ): Promise<boolean> {
    return this.#run(group, async () => {
      await admit();
      this.#computed++;
      if (phc !== undefined) return verifyPassword(password, phc);
      await hashPassword(password, this.parameters);
      return false;
    });
  }

  #run<T>(group: string, work: () => Promise<T>): Promise<T> {
    return this.#queue.run({ kind: 'password', group, milliseconds: HASH_MILLISECONDS }, work);
  }
}
