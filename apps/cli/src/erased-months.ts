/** What is read of an entry: it may be any JSON. */
export interface EntryOfExport {
  readonly action?: unknown;
  readonly tenantId?: unknown;
  readonly actor?: { readonly type?: unknown } | null;
  readonly outcome?: unknown;
  readonly target?: { readonly id?: unknown } | null;
  readonly details?: {
    readonly month?: unknown;
    readonly before?: unknown;
    readonly log?: unknown;
    readonly size?: unknown;
    readonly restored?: unknown;
  } | null;
  readonly personal?: { readonly hash?: unknown; readonly month?: unknown } | null;
}

/** The event that says that the personal fields of a month were erased. */
const ERASURE = 'history.month_erased';
/** With a tenant its data keys are destroyed, and so are the keys of all its months. */
const DELETION = 'tenant.deleted';

/** The events of an export whose personal fields are missing, by month, and what the signed events say of it. */
export class ErasedMonths {
  readonly #missing = new Map<string, number>();
  readonly #recorded = new Set<unknown>();
  #isDeleted = false;

  /** @param hasPart whether the export has the personal fields of the event */
  read({ action, tenantId, target, details, personal }: EntryOfExport, hasPart: boolean): void {
    if (action === ERASURE) this.#recorded.add(details?.month);
    if (action === DELETION && target?.id === tenantId) this.#isDeleted = true;
    if (hasPart || personal?.hash === undefined) return;
    const month = String(personal.month);
    this.#missing.set(month, (this.#missing.get(month) ?? 0) + 1);
  }

  /** How many events of each month are without their personal fields, oldest month first. */
  counts(): readonly (readonly [month: string, events: number])[] {
    return [...this.#missing].sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /** The months whose erasure no event of the export says. */
  unrecorded(): string[] {
    if (this.#isDeleted) return [];
    return this.counts().flatMap(([month]) => (this.#recorded.has(month) ? [] : [month]));
  }
}
