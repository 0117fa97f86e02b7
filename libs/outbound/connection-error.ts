/** Why an attempt got no answer, whatever it was sent by. */
export type ConnectionError = 'NAME_NOT_FOUND' | 'CERTIFICATE_REJECTED' | 'TIMED_OUT' | 'CONNECTION_FAILED';

const NAME_ERRORS: readonly unknown[] = ['ENOTFOUND', 'EAI_AGAIN', 'ENODATA', 'EDNS'];
const TIMEOUTS: readonly unknown[] = ['ETIMEDOUT', 'ESOCKETTIMEDOUT'];
const CERTIFICATE_ERROR = /CERT|^UNABLE_TO_|^DEPTH_ZERO|^SELF_SIGNED|^ERR_TLS/;

/** What the error of a socket, of a look-up or of a TLS handshake means to those who configure the receiver. */
export function connectionErrorOf({
  name,
  code,
}: {
  readonly name?: string;
  readonly code?: unknown;
}): ConnectionError {
  if (name === 'AbortError' || name === 'TimeoutError') return 'TIMED_OUT';
  if (NAME_ERRORS.includes(code)) return 'NAME_NOT_FOUND';
  if (TIMEOUTS.includes(code)) return 'TIMED_OUT';
  return typeof code === 'string' && CERTIFICATE_ERROR.test(code) ? 'CERTIFICATE_REJECTED' : 'CONNECTION_FAILED';
}
