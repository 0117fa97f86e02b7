import { type Clock, type EpochMilliseconds, MINUTE, SECOND } from '#core';

const KEPT_FOR = 5 * MINUTE;
/** How long a document is not asked for again, after a failure or because of a token of an unknown key: such tokens cost their senders nothing. */
const COOL_DOWN = 10 * SECOND;
const KEPT_MAX = 200;

interface Entry<Document> {
  readonly outcome: { readonly document: Document } | { readonly error: unknown };
  readonly readAt: EpochMilliseconds;
  readonly keptFor: number;
}

/**
 * Documents that others publish, by their URLs: each is read once in five minutes, and not again for ten seconds where it
 * could not be read. Those that ask at the same time wait for one answer.
 */
export class DocumentCache<Document> {
  readonly #entries = new Map<string, Entry<Document>>();
  readonly #pending = new Map<string, Promise<Document>>();
  readonly #askedAgainAt = new Map<string, EpochMilliseconds>();

  /** @param load reads a document, within bounds of its own */
  constructor(
    private readonly clock: Clock,
    private readonly load: (url: string) => Promise<Document>,
  ) {}

  /** @throws whatever `load` throws, also that of a moment ago */
  async read(url: string): Promise<Document> {
    const entry = this.#current(url);
    if (!entry) return this.#load(url);
    if ('error' in entry.outcome) throw entry.outcome.error;
    return entry.outcome.document;
  }

  /**
   * The document as it is now, for a token of a key that is not in it (OpenID Connect Core 1.0 §10.1.1). The URL is asked
   * once in a cool-down; in between the answer is what is known.
   * @throws as `read`
   */
  async readAgain(url: string): Promise<Document> {
    const pending = this.#pending.get(url);
    if (pending) return pending;
    const askedAt = this.#askedAgainAt.get(url);
    if (askedAt !== undefined && this.#isWithin(askedAt, COOL_DOWN)) return this.read(url);
    if (this.#askedAgainAt.size >= KEPT_MAX) this.#askedAgainAt.clear();
    this.#askedAgainAt.set(url, this.clock.now());
    return this.#load(url);
  }

  #load(url: string): Promise<Document> {
    const pending = this.#pending.get(url);
    if (pending) return pending;
    const loading = this.load(url)
      .then(
        (document) => {
          this.#keep(url, { outcome: { document }, readAt: this.clock.now(), keptFor: KEPT_FOR });
          return document;
        },
        (error: unknown) => {
          // One that is still good is not lost because it could not be read again.
          if (!this.#current(url)) {
            this.#keep(url, { outcome: { error }, readAt: this.clock.now(), keptFor: COOL_DOWN });
          }
          throw error;
        },
      )
      .finally(() => this.#pending.delete(url));
    this.#pending.set(url, loading);
    return loading;
  }

  #current(url: string): Entry<Document> | undefined {
    const entry = this.#entries.get(url);
    return entry && this.#isWithin(entry.readAt, entry.keptFor) ? entry : undefined;
  }

  #keep(url: string, entry: Entry<Document>): void {
    if (this.#entries.size >= KEPT_MAX) this.#entries.clear();
    this.#entries.set(url, entry);
  }

  /** An instant of the future was noted while the clock was ahead. */
  #isWithin(since: EpochMilliseconds, duration: number): boolean {
    const now = this.clock.now();
    return since <= now && now < since + duration;
  }
}
