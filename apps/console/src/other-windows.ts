type Message = { readonly kind: 'signed-out' } | { readonly kind: 'signed-in'; readonly userId: string };

/**
 * The windows of the console in this browser share the cookie of a session: what one of them does with it, the others are
 * told.
 */
class OtherWindows {
  readonly #channel = new BroadcastChannel('chancery-session');
  readonly #tell: (message: Message) => void = this.#channel.postMessage.bind(this.#channel);
  #userId: string | undefined;

  signedOut(): void {
    this.#userId = undefined;
    this.#tell({ kind: 'signed-out' });
  }

  /** @param userId who is signed in in this window; told once */
  signedIn(userId: string): void {
    if (this.#userId === userId) return;
    this.#userId = userId;
    this.#tell({ kind: 'signed-in', userId });
  }

  /**
   * @param onSignedOut the person of this window signed out in another one
   * @param onSignedIn somebody signed in there; `isOther` where this window shows what another person may see
   */
  listen(onSignedOut: () => void, onSignedIn: (isOther: boolean) => void): void {
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      if (data.kind === 'signed-in') onSignedIn(this.#userId !== undefined && this.#userId !== data.userId);
      else if (this.#userId !== undefined) onSignedOut();
    });
  }
}

export const otherWindows = new OtherWindows();
