import { createHash, randomBytes } from 'node:crypto';

import type { PKCS11 } from 'pkcs11js';

import type { Secret } from '#core';
import { type KeyEncryptionKey, sealingErrors } from '#crypto';

type Binding = typeof import('pkcs11js');

/** Where the master key is: a key on a token, which does its work there and never leaves it (PKCS#11 v2.40). */
export interface Pkcs11Options {
  /** Path of the module: `/usr/lib/softhsm/libsofthsm2.so`, or what the maker of an HSM delivers. */
  readonly module: string;
  readonly tokenLabel: string;
  readonly keyLabel: string;
  readonly pin: Secret | undefined;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 16;
const DATA_KEY_BYTES_MAX = 64;

/** PKCS#11 is initialised once per process and module, however many keys are opened. */
const modules = new Map<string, { binding: Binding; pkcs11: PKCS11 }>();

/**
 * What a token answers that lost the session, the log-in or itself (v2.40, table 19): after a restart of the module's daemon, a
 * fail-over to another HSM, a token that was taken out and put back.
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
] as const;

/** A further log-in would use up what is left of the tries for the PIN (v2.40 §5.6). */
const PIN_REJECTED = ['CKR_PIN_INCORRECT', 'CKR_PIN_LOCKED', 'CKR_PIN_EXPIRED', 'CKR_PIN_LEN_RANGE'] as const;

/** What a token answers for bytes or a context that this key did not encrypt; SoftHSM says it by the first one. */
const BYTES_REJECTED = [
  'CKR_GENERAL_ERROR',
  'CKR_FUNCTION_FAILED',
  'CKR_ENCRYPTED_DATA_INVALID',
  'CKR_ENCRYPTED_DATA_LEN_RANGE',
] as const;

const REOPEN_AFTER_MILLISECONDS = 5_000;

interface OpenKey {
  readonly session: Buffer;
  readonly key: Buffer;
  readonly keyId: string;
}

/**
 * The master key on a token. Data keys are wrapped by AES-GCM on the token (CKM_AES_GCM, v2.40 §2.12), with the context
 * as additional data. The key must be sensitive and not extractable: one that could leave the token is refused.
 * A session that is lost is opened again with its next use.
 * @param options.createMissingKey makes the key where the token has none: for a new database only
 * @throws MASTER_KEY_INVALID where module, token, PIN or key do not fit, without the PIN
 */
export async function openPkcs11(
  options: Pkcs11Options,
  { createMissingKey }: { readonly createMissingKey: boolean },
): Promise<KeyEncryptionKey> {
  const { binding, pkcs11 } = await load(options.module);
  const { CKM_AES_GCM, CK_PARAMS_AES_GCM } = binding;
  const isOneOf = (error: unknown, names: readonly (keyof Binding)[]): boolean =>
    isTokenError(error) && names.some((name) => binding[name] === (error as { code?: unknown }).code);
  const isLost = (error: unknown): boolean => isOneOf(error, LOST);
  let open = openKey(binding, pkcs11, options, createMissingKey);
  const { keyId } = open;
  /** Why the session could not be opened again; it is not tried for each request. */
  let reopeningFailure: unknown;

  // No function yields the thread between its two calls, so that one session serves all.
  function onToken<T>(use: (open: OpenKey) => T): T {
    try {
      return use(open);
    } catch (error) {
      if (!isLost(error)) throw error;
      open = reopened();
    }
    try {
      return use(open);
    } catch (cause) {
      throw isLost(cause) ? sealingErrors.MASTER_KEY_UNAVAILABLE({ cause }) : cause;
    }
  }

  function reopened(): OpenKey {
    if (reopeningFailure !== undefined) throw sealingErrors.MASTER_KEY_UNAVAILABLE({ cause: reopeningFailure });
    try {
      const again = openKey(binding, pkcs11, options, false);
      if (again.keyId === keyId) return again;
    } catch (cause) {
      reopeningFailure = cause;
      const isFinal = isOneOf((cause as Error).cause, PIN_REJECTED);
      if (!isFinal) setTimeout(() => (reopeningFailure = undefined), REOPEN_AFTER_MILLISECONDS).unref();
      throw sealingErrors.MASTER_KEY_UNAVAILABLE({ cause });
    }
    throw refused(keyId);
  }

  const mechanism = (iv: Buffer, aad: Buffer) => ({
    mechanism: CKM_AES_GCM,
    parameter: { type: CK_PARAMS_AES_GCM, iv, ivBits: iv.length * 8, aad, tagBits: TAG_BYTES * 8 },
  });
  return {
    keyId,
    wrap: async (dataKey, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      return onToken(({ session, key }) => {
        pkcs11.C_EncryptInit(session, mechanism(nonce, context), key);
        return Buffer.concat([nonce, pkcs11.C_Encrypt(session, dataKey, Buffer.alloc(dataKey.length + TAG_BYTES))]);
      });
    },
    unwrap: async (wrapped, context) => {
      const sealed = wrapped.subarray(NONCE_BYTES);
      if (sealed.length <= TAG_BYTES || sealed.length > DATA_KEY_BYTES_MAX + TAG_BYTES) throw refused(keyId);
      try {
        return onToken(({ session, key }) => {
          pkcs11.C_DecryptInit(session, mechanism(wrapped.subarray(0, NONCE_BYTES), context), key);
          return pkcs11.C_Decrypt(session, sealed, Buffer.alloc(sealed.length));
        });
      } catch (error) {
        if (!isTokenError(error)) throw error;
        if (isOneOf(error, BYTES_REJECTED)) throw refused(keyId);
        throw sealingErrors.MASTER_KEY_UNAVAILABLE({ cause: error });
      }
    },
  };
}

function openKey(
  binding: Binding,
  pkcs11: PKCS11,
  { tokenLabel, keyLabel, pin }: Pkcs11Options,
  createMissingKey: boolean,
): OpenKey {
  let session: Buffer | undefined;
  try {
    session = openSession(binding, pkcs11, tokenLabel);
    logIn(binding, pkcs11, session, pin);
    const key =
      findKey(binding, pkcs11, session, keyLabel) ??
      (createMissingKey ? createKey(binding, pkcs11, session, keyLabel) : undefined);
    if (!key) throw unusable(`The token ${tokenLabel} has no AES key with the label ${keyLabel}`);
    return { session, key, keyId: keyIdOf(binding, pkcs11, session, key, keyLabel) };
  } catch (error) {
    // A token has few sessions.
    if (session) closeSession(pkcs11, session);
    if (!isTokenError(error)) throw error;
    throw sealingErrors.MASTER_KEY_INVALID({
      detail: `The token ${tokenLabel} answers ${error.message}`,
      cause: error,
    });
  }
}

function closeSession(pkcs11: PKCS11, session: Buffer): void {
  try {
    pkcs11.C_CloseSession(session);
  } catch (error) {
    // It may be the very session that was lost.
    if (!isTokenError(error)) throw error;
  }
}

async function load(module: string): Promise<{ binding: Binding; pkcs11: PKCS11 }> {
  const known = modules.get(module);
  if (known) return known;
  let binding: Binding;
  try {
    binding = await import('pkcs11js');
  } catch {
    throw unusable('The optional package pkcs11js is not built; run: npm rebuild pkcs11js --ignore-scripts=false');
  }
  const pkcs11 = new binding.PKCS11();
  try {
    pkcs11.load(module);
    pkcs11.C_Initialize();
  } catch (error) {
    throw unusable(`The module ${module} cannot be used: ${(error as Error).message}`);
  }
  const loaded = { binding, pkcs11 };
  modules.set(module, loaded);
  return loaded;
}

function openSession(binding: Binding, pkcs11: PKCS11, tokenLabel: string): Buffer {
  const slots = pkcs11.C_GetSlotList(true);
  const slot = slots.find((candidate) => pkcs11.C_GetTokenInfo(candidate).label.trimEnd() === tokenLabel);
  if (!slot) throw unusable(`There is no token with the label ${tokenLabel}`);
  return pkcs11.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
}

function logIn(binding: Binding, pkcs11: PKCS11, session: Buffer, pin: Secret | undefined): void {
  try {
    pkcs11.C_Login(session, binding.CKU_USER, pin?.reveal() ?? '');
  } catch (error) {
    // Sessions of one process share the log-in.
    if ((error as { code?: unknown }).code !== binding.CKR_USER_ALREADY_LOGGED_IN) throw error;
  }
}

function findKey(binding: Binding, pkcs11: PKCS11, session: Buffer, label: string): Buffer | undefined {
  pkcs11.C_FindObjectsInit(session, [
    { type: binding.CKA_CLASS, value: binding.CKO_SECRET_KEY },
    { type: binding.CKA_KEY_TYPE, value: binding.CKK_AES },
    { type: binding.CKA_LABEL, value: label },
  ]);
  const found = pkcs11.C_FindObjects(session, 2);
  pkcs11.C_FindObjectsFinal(session);
  if (found.length > 1) throw unusable(`The token has more than one key with the label ${label}`);
  return found[0];
}

function createKey(binding: Binding, pkcs11: PKCS11, session: Buffer, label: string): Buffer {
  return pkcs11.C_GenerateKey(session, { mechanism: binding.CKM_AES_KEY_GEN }, [
    { type: binding.CKA_CLASS, value: binding.CKO_SECRET_KEY },
    { type: binding.CKA_TOKEN, value: true },
    { type: binding.CKA_PRIVATE, value: true },
    { type: binding.CKA_SENSITIVE, value: true },
    { type: binding.CKA_EXTRACTABLE, value: false },
    { type: binding.CKA_ENCRYPT, value: true },
    { type: binding.CKA_DECRYPT, value: true },
    { type: binding.CKA_LABEL, value: label },
    { type: binding.CKA_ID, value: randomBytes(KEY_ID_BYTES) },
    { type: binding.CKA_VALUE_LEN, value: KEY_BYTES },
  ]);
}

/** Says which key it is and gives nothing of it away. @throws MASTER_KEY_INVALID where the key could leave the token */
function keyIdOf(binding: Binding, pkcs11: PKCS11, session: Buffer, key: Buffer, label: string): string {
  const attributes = pkcs11.C_GetAttributeValue(session, key, [
    { type: binding.CKA_ID },
    { type: binding.CKA_SENSITIVE },
    { type: binding.CKA_EXTRACTABLE },
  ]);
  const [id, sensitive, extractable] = attributes.map(({ value }) => value as Buffer);
  if (sensitive?.[0] !== 1 || extractable?.[0] !== 0) {
    throw unusable(`The key ${label} could leave its token: it must be sensitive and not extractable`);
  }
  return createHash('sha256').update('kek-id').update(label).update(id!).digest('hex').slice(0, 16);
}

const unusable = (detail: string): Error => sealingErrors.MASTER_KEY_INVALID(detail);

const refused = (keyId: string): Error => sealingErrors.SEALED(`The master key ${keyId} does not open the data key`);

/** What the token itself says; never a word about what it was asked. */
const isTokenError = (error: unknown): error is Error =>
  error instanceof Error && ['Pkcs11Error', 'NativeError'].includes(error.constructor.name);
