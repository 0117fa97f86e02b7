import type { Secret } from '#core';

/** What the services need to know besides the name of the key. */
export interface KmsOptions {
  /** Base URL in place of the service's public one: a private endpoint in the operator's network. */
  readonly endpoint?: string | undefined;
  readonly transitToken?: Secret | undefined;
  /** File with the token, read for each request: an agent beside the server renews it. */
  readonly transitTokenFile?: string | undefined;
  readonly transitNamespace?: string | undefined;
}

/** An authenticated cipher that another service holds the key of. Context: additional data, never secret. */
export interface RemoteCipher {
  encrypt(plaintext: Buffer, context: Buffer): Promise<Buffer>;
  /** @throws CiphertextRejected where the bytes or the context are not what this key encrypted */
  decrypt(ciphertext: Buffer, context: Buffer): Promise<Buffer>;
}

/** The service has the key and answered: these bytes were not encrypted with it for this context. */
export class CiphertextRejected extends Error {}
