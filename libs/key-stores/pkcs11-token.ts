// A process of its own runs this file (`pkcs11-processes.ts`), from the source as well as from the build: it imports packages only.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

import type { PKCS11 } from 'pkcs11js';

type Binding = typeof import('pkcs11js');

/** A token, and how its user logs in. */
export interface TokenOptions {
  /** Path of the module. */
  readonly module: string;
  readonly tokenLabel: string;
  /** Empty where the token has a log-in of its own, such as a keypad. */
  readonly pin: string;
}

/** A private key on the token: CKA_ID and CKA_LABEL. */
export interface TokenObject {
  readonly id: Uint8Array;
  readonly label: string;
}

/** A kind of key pair. */
export type PairKind =
  | { readonly type: 'rsa'; readonly modulusBits: number }
  | { readonly type: 'ec' | 'edwards'; readonly curve: TokenCurve };

/** How a token signs: a hash that was computed before, or for Ed25519 the message. */
export type TokenSignature =
  | { readonly type: 'rsa-pkcs1' }
  | { readonly type: 'ecdsa' }
  | { readonly type: 'eddsa' }
  | { readonly type: 'rsa-pss'; readonly hash: 'sha256' | 'sha384' | 'sha512' };

/** The public half as the token states it. */
export type TokenPublicKey =
  | { readonly type: 'rsa'; readonly modulus: Uint8Array; readonly exponent: Uint8Array }
  | { readonly type: 'ec' | 'edwards'; readonly curve: TokenCurve; readonly point: Uint8Array };

/** What the process is asked, one by one. */
export type TokenQuestion =
  | { readonly kind: 'open'; readonly options: TokenOptions }
  | { readonly kind: 'generate'; readonly object: TokenObject; readonly pair: PairKind }
  | { readonly kind: 'sign'; readonly object: TokenObject; readonly how: TokenSignature; readonly data: Uint8Array }
  | { readonly kind: 'destroy' | 'has'; readonly object: TokenObject }
  /** Private keys whose label begins so. */
  | { readonly kind: 'list'; readonly prefix: string };

/**
 * Why a token did not do what it was asked:
 * - `pin`: it rejected the PIN, and has fewer tries left;
 * - `lost`: session, log-in or token are gone and did not come back;
 * - `unsupported`: it has no such mechanism;
 * - `absent`: it has no key of that name;
 * - `failed`: everything else.
 */
export type TokenFailure = 'pin' | 'lost' | 'unsupported' | 'absent' | 'failed';

export type TokenAnswer =
  | { readonly ok: true; readonly value: TokenPublicKey | Uint8Array | boolean | readonly string[] }
  | { readonly ok: false; readonly failure: TokenFailure; readonly detail: string };

/** Never a word about what the token was asked. */
class TokenError extends Error {
  readonly failure: TokenFailure;

  constructor(failure: TokenFailure, detail: string) {
    super(detail);
    this.failure = failure;
  }
}

/**
 * What a token answers that lost the session, the log-in or itself (PKCS#11 v2.40, table 19): after a restart of the module's
 * daemon, a fail-over to another HSM, a token that was taken out and put back.
 */
const LOST = [
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_DEVICE_ERROR',
  'CKR_DEVICE_REMOVED',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_CRYPTOKI_NOT_INITIALIZED',
] as const;

/** A further log-in would use up what is left of the tries for the PIN (v2.40 §5.6). */
const PIN_REJECTED = ['CKR_PIN_INCORRECT', 'CKR_PIN_LOCKED', 'CKR_PIN_EXPIRED', 'CKR_PIN_LEN_RANGE'] as const;

const UNSUPPORTED = [
  'CKR_MECHANISM_INVALID',
  'CKR_MECHANISM_PARAM_INVALID',
  'CKR_FUNCTION_NOT_SUPPORTED',
  'CKR_KEY_SIZE_RANGE',
  'CKR_DOMAIN_PARAMS_INVALID',
] as const;

/** Of v3.0; tokens of v2.40 offer them already, and the binding has no names for them. */
const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055;
const CKM_EDDSA = 0x1057;
const CKK_EC_EDWARDS = 0x40;

/**
 * `parameters`: CKA_EC_PARAMS, DER, the curve by its name (v2.40 §2.3.3); Ed25519 as SoftHSM and v3.0 §2.3.5 accept it.
 * `pointBytes`: of an uncompressed point (SEC 1 §2.3.3), and of the encoding of RFC 8032 §5.1.2.
 */
const CURVES = {
  'P-256': { parameters: '06082a8648ce3d030107', pointBytes: 65 },
  'P-384': { parameters: '06052b81040022', pointBytes: 97 },
  'P-521': { parameters: '06052b81040023', pointBytes: 133 },
  Ed25519: { parameters: '130c656477617264733235353139', pointBytes: 32 },
} as const;

export type TokenCurve = keyof typeof CURVES;
export const isTokenCurve = (name: string): name is TokenCurve => Object.hasOwn(CURVES, name);

/** Handles that are kept, so that a signature needs no search. */
const HANDLES_MAX = 5_000;
const SIGNATURE_BYTES_MAX = 1_024;
/** A name has one key, or a few where answers were lost. */
const SAME_NAME_MAX = 16;

const LISTED_AT_ONCE = 1_000;

interface OpenToken {
  readonly session: Buffer;
  readonly handles: Map<string, Buffer>;
}

/** A token of a PKCS#11 module, with one session. Its calls block the thread: see `pkcs11-processes.ts`. */
export class Pkcs11Token {
  readonly #binding: Binding;
  readonly #pkcs11: PKCS11;
  readonly #options: TokenOptions;
  #open: OpenToken | undefined;

  /** Loads the module and logs in. @throws TokenError */
  constructor(options: TokenOptions) {
    this.#options = options;
    try {
      this.#binding = createRequire(import.meta.url)('pkcs11js') as Binding;
    } catch {
      const hint = 'run: npm rebuild pkcs11js --ignore-scripts=false';
      throw new TokenError('failed', `The optional package pkcs11js is not built; ${hint}`);
    }
    this.#pkcs11 = new this.#binding.PKCS11();
    try {
      this.#pkcs11.load(options.module);
      this.#pkcs11.C_Initialize({ flags: this.#binding.CKF_OS_LOCKING_OK });
    } catch (error) {
      if (!this.#is(error, ['CKR_CRYPTOKI_ALREADY_INITIALIZED'])) {
        throw new TokenError('failed', `The module cannot be used: ${(error as Error).message}`);
      }
    }
    this.#guarded(() => this.#opened());
  }

  /** The mechanisms that count for signing keys. */
  mechanisms(): readonly string[] {
    return this.#guarded(({ session }) => {
      const { slotID } = this.#pkcs11.C_GetSessionInfo(session);
      const offered = this.#pkcs11.C_GetMechanismList(slotID);
      return Object.entries(this.#mechanismNumbers())
        .filter(([, numbers]) => numbers.every((number) => offered.includes(number)))
        .map(([name]) => name);
    });
  }

  /**
   * Makes a key pair. The private half stays on the token, sensitive and not extractable; of the public one nothing stays there.
   * @throws TokenError
   */
  generate(object: TokenObject, pair: PairKind): TokenPublicKey {
    let isSecondTry = false;
    return this.#guarded(({ session, handles }) => {
      // The session may have been lost after the pair was made.
      if (isSecondTry) this.#destroyAll(session, object);
      isSecondTry = true;
      const { binding, template } = this.#pairOf(pair);
      const { publicKey, privateKey } = this.#pkcs11.C_GenerateKeyPair(
        session,
        { mechanism: binding },
        [{ type: this.#binding.CKA_TOKEN, value: false }, { type: this.#binding.CKA_VERIFY, value: true }, ...template],
        [
          { type: this.#binding.CKA_TOKEN, value: true },
          { type: this.#binding.CKA_PRIVATE, value: true },
          { type: this.#binding.CKA_SENSITIVE, value: true },
          { type: this.#binding.CKA_EXTRACTABLE, value: false },
          { type: this.#binding.CKA_SIGN, value: true },
          { type: this.#binding.CKA_DECRYPT, value: false },
          { type: this.#binding.CKA_UNWRAP, value: false },
          { type: this.#binding.CKA_ID, value: Buffer.from(object.id) },
          { type: this.#binding.CKA_LABEL, value: object.label },
        ],
      );
      try {
        this.#requireUnextractable(session, privateKey);
        const stated = this.#publicHalf(session, publicKey, pair);
        keep(handles, object, privateKey);
        return stated;
      } catch (error) {
        this.#pkcs11.C_DestroyObject(session, privateKey);
        throw error;
      } finally {
        this.#pkcs11.C_DestroyObject(session, publicKey);
      }
    });
  }

  /** @param data a hash, a DigestInfo, or for Ed25519 the message @throws TokenError */
  sign(object: TokenObject, how: TokenSignature, data: Uint8Array): Uint8Array {
    return this.#guarded(({ session, handles }) => {
      const key = handles.get(nameOf(object)) ?? this.#find(session, object);
      if (!key) throw new TokenError('absent', `The token has no key ${object.label}`);
      keep(handles, object, key);
      this.#pkcs11.C_SignInit(session, this.#mechanismOf(how), key);
      return this.#pkcs11.C_Sign(session, Buffer.from(data), Buffer.alloc(SIGNATURE_BYTES_MAX));
    });
  }

  /** One that is not there is destroyed already. @throws TokenError */
  destroy(object: TokenObject): void {
    this.#guarded(({ session, handles }) => {
      handles.delete(nameOf(object));
      this.#destroyAll(session, object);
    });
  }

  /** @throws TokenError */
  has(object: TokenObject): boolean {
    return this.#guarded(({ session }) => this.#find(session, object) !== undefined);
  }

  /** The labels of the private keys that begin so. @throws TokenError */
  list(prefix: string): readonly string[] {
    return this.#guarded(({ session }) => {
      const { CKA_CLASS, CKA_LABEL, CKO_PRIVATE_KEY } = this.#binding;
      this.#pkcs11.C_FindObjectsInit(session, [{ type: CKA_CLASS, value: CKO_PRIVATE_KEY }]);
      const keys: Buffer[] = [];
      try {
        let found: Buffer[];
        do {
          found = this.#pkcs11.C_FindObjects(session, LISTED_AT_ONCE);
          keys.push(...found);
        } while (found.length > 0);
      } finally {
        this.#pkcs11.C_FindObjectsFinal(session);
      }
      return keys
        .map((key) => this.#pkcs11.C_GetAttributeValue(session, key, [{ type: CKA_LABEL }])[0]!.value.toString())
        .filter((label) => label.startsWith(prefix));
    });
  }

  /** Runs a piece of work in the session; where that was lost, once more in a new one. */
  #guarded<T>(work: (open: OpenToken) => T): T {
    try {
      try {
        return work(this.#opened());
      } catch (error) {
        if (!this.#is(error, LOST)) throw error;
        this.#forgetSession();
        return work(this.#opened());
      }
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #opened(): OpenToken {
    if (this.#open) return this.#open;
    const { tokenLabel, pin } = this.#options;
    const slots = this.#pkcs11.C_GetSlotList(true);
    const slot = slots.find((candidate) => this.#pkcs11.C_GetTokenInfo(candidate).label.trimEnd() === tokenLabel);
    if (!slot) throw new TokenError('lost', `There is no token with the label ${tokenLabel}`);
    const { CKF_SERIAL_SESSION, CKF_RW_SESSION, CKU_USER } = this.#binding;
    const session = this.#pkcs11.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION);
    try {
      this.#pkcs11.C_Login(session, CKU_USER, pin);
    } catch (error) {
      // Sessions of one process share the log-in.
      if (!this.#is(error, ['CKR_USER_ALREADY_LOGGED_IN'])) {
        this.#pkcs11.C_CloseSession(session);
        throw error;
      }
    }
    return (this.#open = { session, handles: new Map() });
  }

  #forgetSession(): void {
    const session = this.#open?.session;
    this.#open = undefined;
    try {
      // A token has few sessions.
      if (session) this.#pkcs11.C_CloseSession(session);
    } catch {
      // It is the very session that was lost.
    }
  }

  #find(session: Buffer, object: TokenObject): Buffer | undefined {
    const [key, another] = this.#findAll(session, object);
    if (another) throw new TokenError('failed', `The token has two keys ${object.label}`);
    return key;
  }

  #destroyAll(session: Buffer, object: TokenObject): void {
    for (const key of this.#findAll(session, object)) this.#pkcs11.C_DestroyObject(session, key);
  }

  #findAll(session: Buffer, object: TokenObject): Buffer[] {
    this.#pkcs11.C_FindObjectsInit(session, [
      { type: this.#binding.CKA_CLASS, value: this.#binding.CKO_PRIVATE_KEY },
      { type: this.#binding.CKA_ID, value: Buffer.from(object.id) },
    ]);
    try {
      return this.#pkcs11.C_FindObjects(session, SAME_NAME_MAX);
    } finally {
      this.#pkcs11.C_FindObjectsFinal(session);
    }
  }

  #requireUnextractable(session: Buffer, key: Buffer): void {
    const values = this.#pkcs11
      .C_GetAttributeValue(session, key, [
        { type: this.#binding.CKA_SENSITIVE },
        { type: this.#binding.CKA_EXTRACTABLE },
        { type: this.#binding.CKA_LOCAL },
      ])
      .map(({ value }) => (value as Buffer)[0] === 1);
    if (values.join() === 'true,false,true') return;
    throw new TokenError(
      'failed',
      'The key could leave its token: the token does not keep it sensitive and unextractable',
    );
  }

  #publicHalf(session: Buffer, key: Buffer, pair: PairKind): TokenPublicKey {
    const read = (...types: number[]): Buffer[] =>
      this.#pkcs11
        .C_GetAttributeValue(
          session,
          key,
          types.map((type) => ({ type })),
        )
        .map(({ value }) => value as Buffer);
    if (pair.type === 'rsa') {
      const [modulus, exponent] = read(this.#binding.CKA_MODULUS, this.#binding.CKA_PUBLIC_EXPONENT);
      return { type: 'rsa', modulus: modulus!, exponent: exponent! };
    }
    const [point] = read(this.#binding.CKA_EC_POINT);
    return { type: pair.type, curve: pair.curve, point: pointOf(point!, pair.curve) };
  }

  #pairOf(pair: PairKind) {
    const { CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKA_KEY_TYPE, CKA_EC_PARAMS, CKK_EC } = this.#binding;
    if (pair.type === 'rsa') {
      const template = [
        { type: this.#binding.CKA_MODULUS_BITS, value: pair.modulusBits },
        { type: this.#binding.CKA_PUBLIC_EXPONENT, value: Buffer.of(1, 0, 1) },
      ];
      return { binding: CKM_RSA_PKCS_KEY_PAIR_GEN, template };
    }
    const isEdwards = pair.type === 'edwards';
    const template = [
      { type: CKA_KEY_TYPE, value: isEdwards ? CKK_EC_EDWARDS : CKK_EC },
      { type: CKA_EC_PARAMS, value: Buffer.from(CURVES[pair.curve].parameters, 'hex') },
    ];
    return { binding: isEdwards ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, template };
  }

  #mechanismOf(how: TokenSignature) {
    const { CKM_RSA_PKCS, CKM_ECDSA, CKM_RSA_PKCS_PSS, CK_PARAMS_RSA_PSS } = this.#binding;
    const { CKM_SHA256, CKM_SHA384, CKM_SHA512, CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKG_MGF1_SHA512 } = this.#binding;
    if (how.type === 'rsa-pkcs1') return { mechanism: CKM_RSA_PKCS };
    if (how.type === 'ecdsa') return { mechanism: CKM_ECDSA };
    if (how.type === 'eddsa') return { mechanism: CKM_EDDSA };
    const hashes = {
      sha256: { hashAlg: CKM_SHA256, mgf: CKG_MGF1_SHA256, saltLen: 32 },
      sha384: { hashAlg: CKM_SHA384, mgf: CKG_MGF1_SHA384, saltLen: 48 },
      sha512: { hashAlg: CKM_SHA512, mgf: CKG_MGF1_SHA512, saltLen: 64 },
    };
    return { mechanism: CKM_RSA_PKCS_PSS, parameter: { type: CK_PARAMS_RSA_PSS, ...hashes[how.hash] } };
  }

  /** What is needed of the token for each way to sign: the generation of keys, and the signature. */
  #mechanismNumbers(): Readonly<Record<TokenSignature['type'], readonly number[]>> {
    const { CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_ECDSA } = this.#binding;
    return {
      'rsa-pkcs1': [CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS],
      'rsa-pss': [CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_PSS],
      ecdsa: [CKM_EC_KEY_PAIR_GEN, CKM_ECDSA],
      eddsa: [CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA],
    };
  }

  #is(error: unknown, names: readonly (keyof Binding)[]): boolean {
    const code = (error as { code?: unknown }).code;
    return code !== undefined && names.some((name) => this.#binding[name] === code);
  }

  #explained(error: unknown): TokenError {
    if (error instanceof TokenError) return error;
    const detail = `The token answers ${(error as Error).message}`;
    if (this.#is(error, PIN_REJECTED)) return new TokenError('pin', detail);
    if (this.#is(error, LOST)) return new TokenError('lost', detail);
    if (this.#is(error, UNSUPPORTED)) return new TokenError('unsupported', detail);
    return new TokenError('failed', detail);
  }
}

const nameOf = ({ id }: TokenObject): string => Buffer.from(id).toString('hex');

function keep(handles: Map<string, Buffer>, object: TokenObject, handle: Buffer): void {
  if (handles.size >= HANDLES_MAX) handles.delete(handles.keys().next().value!);
  handles.set(nameOf(object), handle);
}

/** CKA_EC_POINT is the point in an OCTET STRING (v2.40 §2.3.3), which some modules leave out: both begin with the same byte. */
const pointOf = (value: Buffer, curve: TokenCurve): Buffer => value.subarray(-CURVES[curve].pointBytes);

/** The standard input is a pipe that the parent keeps open as long as it lives, and writes nothing to. */
const END_WITH_PARENT = `
const { Socket } = require('node:net');
const end = () => process.kill(process.pid, 'SIGKILL');
new Socket({ fd: 0 }).on('end', end).on('error', end).resume();
setImmediate(() => require('node:worker_threads').parentPort.postMessage('it reads'));
`;

/** The process: it opens one token and answers one question after the other, until its parent is gone. */
function serve(): void {
  // On a thread of its own: this one runs no handler while a call of the module does not return.
  const watch = new Worker(END_WITH_PARENT, { eval: true });
  watch.unref();
  // While a module is loaded, the dynamic loader is locked and a thread that starts can wait for it: so the thread reads first. Where
  // the loading never returns, a shell beside this process ends it (`endWithServer`).
  const watched = once(watch, 'message');
  let token: Pkcs11Token | undefined;
  const answered = (question: TokenQuestion): Extract<TokenAnswer, { ok: true }>['value'] => {
    if (question.kind === 'open') {
      token = new Pkcs11Token(question.options);
      return token.mechanisms();
    }
    if (!token) throw new TokenError('failed', 'No token is open');
    if (question.kind === 'generate') return token.generate(question.object, question.pair);
    if (question.kind === 'sign') return token.sign(question.object, question.how, question.data);
    if (question.kind === 'list') return token.list(question.prefix);
    if (question.kind === 'has') return token.has(question.object);
    token.destroy(question.object);
    return true;
  };
  const answer = (question: TokenQuestion): TokenAnswer => {
    try {
      return { ok: true, value: answered(question) };
    } catch (error) {
      if (error instanceof TokenError) return { ok: false, failure: error.failure, detail: error.message };
      return { ok: false, failure: 'failed', detail: 'The process of the token failed' };
    }
  };
  process.on('message', (question: TokenQuestion) => void watched.then(() => process.send!(answer(question))));
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches the whole group: the server still signs what is under way, and disconnects at its end.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
}

if (import.meta.main) serve();
