/** What a browser answers, as the API takes it (WebAuthn Level 3 §5.1.8). */
type PasskeyAnswer = Record<string, unknown>;

/** Why no passkey can be used in this window; `undefined` where one can. */
export const passkeysUnavailable = (): string | undefined =>
  'PublicKeyCredential' in window ? undefined : 'This browser offers passkeys only to pages with https';

function answerOf(credential: Credential | null): PasskeyAnswer {
  if (!(credential instanceof PublicKeyCredential)) throw new Error('No passkey was used');
  return { ...credential.toJSON() };
}

/**
 * A new passkey of the person (WebAuthn Level 3 §5.1.3).
 * @param options of the server
 * @throws DOMException where the person refused, or the device has a passkey of the account already
 */
export async function createPasskey(options: object): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON);
  return answerOf(await navigator.credentials.create({ publicKey }));
}

/**
 * What a passkey answers to the server's question (WebAuthn Level 3 §5.1.10).
 * @param options of the server
 * @throws DOMException where the person refused
 */
export async function askPasskey(options: object): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON);
  return answerOf(await navigator.credentials.get({ publicKey }));
}
