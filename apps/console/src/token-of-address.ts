/**
 * A token that a link brought behind `#`, which browsers send to no server. It is kept in the memory of the page, and taken out of
 * the address and of the history of the browser before anything else happens.
 */
class TokenOfAddress {
  private token: string | undefined;

  /** @param prefix of the tokens of this kind */
  constructor(private readonly prefix: string) {}

  get isPending(): boolean {
    return this.token !== undefined;
  }

  /** That of the address that was opened; empty without one. */
  get current(): string {
    return this.token ?? '';
  }

  /** Takes the token out of the address, where there is one. */
  take(): void {
    const { hash, pathname, search } = window.location;
    if (hash.startsWith(`#${this.prefix}`)) {
      this.token = hash.slice(1);
      window.history.replaceState(window.history.state, '', `${pathname}${search}`);
    }
  }

  /** After it was used. */
  forget(): void {
    this.token = undefined;
  }
}

export const invitationToken = new TokenOfAddress('cinv_');
export const resetToken = new TokenOfAddress('crst_');

/** The link that brings an invited person to the page with its token. */
export const invitationLink = (token: string): string => `${window.location.origin}/console/invitation#${token}`;

/** The link that brings the holder of an account to the page for a new password. */
export const resetLink = (token: string): string => `${window.location.origin}/console/reset#${token}`;
