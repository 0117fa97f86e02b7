/** What the command line of a person asks a passkey for. */
interface PasskeyRequest {
  /** For `PublicKeyCredential.parseRequestOptionsFromJSON`. */
  readonly options: object;
  /** Where what it signed is sent: a port of this machine, and nowhere else. */
  readonly answerUrl: (passkey: object) => string;
}

const PORT = /^[1-9]\d{3,4}$/;
const PORT_MAX = 65_535;
const STATE = /^[A-Za-z0-9_-]{16,64}$/;

/**
 * Reads the request from the fragment of an address, which no server sees.
 * @param hash with the leading `#`
 * @returns `undefined` for what is none
 */
export function passkeyRequestIn(hash: string): PasskeyRequest | undefined {
  const parameters = new URLSearchParams(hash.slice(1));
  const [port, state] = [parameters.get('port') ?? '', parameters.get('state') ?? ''];
  const options = objectIn(parameters.get('options') ?? '');
  if (!PORT.test(port) || Number(port) > PORT_MAX || !STATE.test(state) || options === undefined) return undefined;
  return {
    options,
    answerUrl: (passkey) => {
      const answer = new URLSearchParams({ state, passkey: JSON.stringify(passkey) });
      return `http://127.0.0.1:${port}/passkey?${answer.toString()}`;
    },
  };
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
