import {
  DomainError,
  type EpochMilliseconds,
  type Json,
  type PlatformScope,
  type Secret,
  type TenantScope,
  withMembers,
} from '#core';
import {
  type AnswerRow,
  type Committed,
  type Completion,
  KeyTaken,
  type Sealing,
  type Tx,
  completionOf,
} from '#database';

/** Where a secret of an answer is opened again when the answer is repeated; who stores it does not read it. */
export interface SecretReference {
  readonly kind: string;
  readonly [member: string]: Json;
}

/** A secret as a member of an answer: it is sent with its text, and stored as the reference alone. */
export class AnswerSecret {
  /** @param until when the secret itself ends; the stored answer ends with it */
  constructor(
    readonly secret: Secret,
    readonly reference: SecretReference,
    readonly until?: EpochMilliseconds,
  ) {}
}

/** A member of an answer that is a secret: an `AnswerSecret` until `answerOnce` puts its text there. */
export type SecretText = string | AnswerSecret;

/** What a repetition with the same idempotency key is answered with. */
export interface StoredAnswer {
  readonly status: number;
  /** JSON, `null` instead of each secret; `null` for an answer without a body. */
  readonly body: string | null;
  /** The secrets of the body and the places where they were. */
  readonly secrets: readonly { readonly path: readonly string[]; readonly reference: SecretReference }[];
}

/** The claim of one request on its idempotency key. */
export interface KeyClaim {
  /** A step of the work: stores the answer in its transaction. @throws where another attempt took over */
  complete(tx: Tx, answer: StoredAnswer, until: EpochMilliseconds | undefined): Promise<void>;
  /** The answer is committed. */
  finish(): void;
  /** There is no answer to store: the key is free again. Never throws. */
  release(): Promise<void>;
}

/** A key that is taken to be free: the work commits only if it is. */
export interface KeyReservation extends Pick<AnswerRow, 'entity' | 'key'> {
  /** The row of the answer, which is inserted with the work. */
  row(tx: Sealing, answer: StoredAnswer, until: EpochMilliseconds | undefined): Promise<object>;
  /** Whether the key is taken, which is to be known where the work is refused. */
  isTaken(): Promise<boolean>;
  /** @param isKnown whether the key is taken now */
  end(isKnown: boolean): void;
}

/** A request with an idempotency key. */
interface KeyedRequest {
  /**
   * Takes the key to be free; `undefined` where it is known to be taken, or belongs to no tenant.
   * @throws IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE where another request of this process has it
   */
  reserve(): Promise<KeyReservation | undefined>;
  /**
   * Claims the key, or gives the answer of the request that had it before.
   * @throws IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE; GONE where the answer or one of its secrets may not be given again
   */
  claim(): Promise<{ readonly claim: KeyClaim } | { readonly repeated: unknown }>;
  /** The status of the answer. */
  status(): number;
}

/** What is done once for an idempotency key: stores what is answered from the result of its work. */
export class Repetition implements Completion {
  #work: { readonly claim: KeyClaim; readonly present: (result: unknown) => unknown } | undefined;
  #reserved: AnswerRow | undefined;
  #completed: { readonly result: unknown; readonly body: unknown } | undefined;

  constructor(private readonly request: KeyedRequest) {}

  /** Whether the transaction of the work stored an answer. */
  get completed(): boolean {
    return this.#completed !== undefined;
  }

  /**
   * The answer to this request, or to the one that had its key before.
   * @param present what is answered from the result of the work, known before the work because it is stored with it
   */
  async answer(present: (result: unknown) => unknown, work: () => Promise<unknown>): Promise<unknown> {
    const found = await this.request.claim();
    if ('repeated' in found) return found.repeated;
    const { claim } = found;
    this.#work = { claim, present };
    try {
      const body = revealed(this.#bodyOf(await work()));
      claim.finish();
      return body;
    } catch (error) {
      // Whether or not the commit of a failed work took place: only a key without an answer is freed.
      await claim.release();
      throw error;
    }
  }

  /**
   * The same for work that is committed by `Database.commit` and has no other effect: it is done as if its key were free. Where it
   * is not, nothing was done, and the key is claimed. So it is where the work is refused and the key is taken: what was answered once
   * is answered again, whatever holds now.
   */
  async answerCommitted(
    present: (result: unknown) => unknown,
    work: () => Promise<unknown>,
    { lookFirst }: { readonly lookFirst: boolean },
  ): Promise<unknown> {
    const reservation = await this.request.reserve();
    if (reservation === undefined) return this.answer(present, work);
    if (lookFirst && (await this.#isTaken(reservation))) return this.answer(present, work);
    const { entity, key } = reservation;
    const row = async (tx: Sealing, result: unknown): Promise<object | undefined> => {
      if (result instanceof DomainError) return undefined;
      const body = present(result);
      const { json, secrets, until } = split(body);
      this.#completed = { result, body };
      return reservation.row(tx, { status: this.request.status(), body: json, secrets }, until);
    };
    this.#reserved = { entity, key, row };
    let isKnown = false;
    try {
      const body = revealed(this.#bodyOf(await work()));
      isKnown = true;
      return body;
    } catch (error) {
      isKnown = error instanceof KeyTaken || (isRefusal(error) && (await reservation.isTaken()));
      if (!isKnown) throw error;
    } finally {
      this.#reserved = undefined;
      reservation.end(isKnown);
    }
    return this.answer(present, work);
  }

  /** Before work that is not undone without a trace: whether its key is taken. Ends the reservation where it is, or where that is unknown. */
  async #isTaken(reservation: KeyReservation): Promise<boolean> {
    let isTaken = true;
    try {
      isTaken = await reservation.isTaken();
    } finally {
      if (isTaken) reservation.end(true);
    }
    return isTaken;
  }

  get shared(): AnswerRow | undefined {
    return this.#reserved;
  }

  async complete(tx: Tx, result: unknown): Promise<void> {
    if (this.#reserved) return this.#insert(tx, this.#reserved, result);
    if (!this.#work) throw new AnswerMisuse('The route has not said what it answers: use answerOnce');
    // A refusal that is returned, so that what it counted is committed: it is thrown afterwards and is no answer.
    if (result instanceof DomainError) return;
    const { claim, present } = this.#work;
    const body = present(result);
    const { json, secrets, until } = split(body);
    await claim.complete(tx, { status: this.request.status(), body: json, secrets }, until);
    this.#completed = { result, body };
  }

  async #insert(tx: Tx, { entity, row }: AnswerRow, result: unknown): Promise<void> {
    const inserted = await row(tx, result);
    if (inserted !== undefined && !(await tx.insertIfAbsent(entity, inserted))) throw new KeyTaken();
  }

  /** The body that was stored with the work that gave this result. */
  #bodyOf(result: unknown): unknown {
    if (this.#completed === undefined || this.#completed.result !== result) {
      throw new AnswerMisuse('The result of the use-case is not the result of the transaction that completed it');
    }
    return this.#completed.body;
  }
}

/** Whether the error is about the request, and not about the server. */
const isRefusal = (error: unknown): boolean =>
  error instanceof DomainError && error.kind !== 'internal' && error.kind !== 'unavailable';

/** A mistake of ours, never of the caller. */
export class AnswerMisuse extends Error {
  override readonly name = 'AnswerMisuse';
}

/**
 * Does the work of a POST and answers it. Where the request has an idempotency key, the answer is stored in the
 * transaction of the work (docs/decisions/0006-idempotent-requests.md), so `present` is a pure function of the result,
 * and the result is that of one transaction that was opened with this very `scope`: `Committed` is the type of such a
 * result, and a misuse is thrown where the transaction had another scope. Others beside it are opened `withoutCompletion`.
 *
 * @param present the answer from the result; its secrets are `AnswerSecret`s
 * @returns the answer with the texts of its secrets
 */
export async function answerOnce<Result, Answer>(
  scope: TenantScope | PlatformScope,
  present: (result: Result) => Answer,
  work: () => Promise<Committed<Result>>,
): Promise<Answer> {
  const repetition = completionOf(scope);
  if (!(repetition instanceof Repetition)) return revealed(present(await work())) as Answer;
  return (await repetition.answer(present as (result: unknown) => unknown, work)) as Answer;
}

/**
 * The same for a use-case that decides and computes beforehand and commits by `Database.commit` alone: where no one has used the key
 * yet, its answer is inserted with the events of its work, in the transaction that many requests share, and no claim is made before.
 * @param options.lookFirst for work that leaves something behind where its key is found to be taken at its end: then the key is looked
 *   for before, so that only racing requests come to that
 */
export async function answerOnceCommitted<Result, Answer>(
  scope: TenantScope,
  present: (result: Result) => Answer,
  work: () => Promise<Committed<Result>>,
  { lookFirst = false }: { readonly lookFirst?: boolean } = {},
): Promise<Answer> {
  const repetition = completionOf(scope);
  if (!(repetition instanceof Repetition)) return revealed(present(await work())) as Answer;
  return (await repetition.answerCommitted(present as (result: unknown) => unknown, work, { lookFirst })) as Answer;
}

/** The body with the texts of its secrets. */
function revealed(value: unknown): unknown {
  if (value instanceof AnswerSecret) return value.secret.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return withMembers(value as Shape, revealed);
}

/** Takes a body and its secrets apart; it ends when the first of its secrets does. */
function split(body: unknown) {
  const secrets: { path: string[]; reference: SecretReference }[] = [];
  const ends: EpochMilliseconds[] = [];
  const withoutSecrets = (value: unknown, path: string[]): unknown => {
    if (value instanceof AnswerSecret) {
      secrets.push({ path, reference: value.reference });
      if (value.until !== undefined) ends.push(value.until);
      return null;
    }
    if (Array.isArray(value)) return value.map((item, index) => withoutSecrets(item, [...path, String(index)]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, withoutSecrets(member, [...path, name])]),
    );
  };
  const json = body === undefined ? null : JSON.stringify(withoutSecrets(body, []));
  return { json, secrets, until: ends.length === 0 ? undefined : Math.min(...ends) };
}

/** The body of a stored answer with its secrets, in the order of `answer.secrets`, put back in their places. */
export function restoreBody({ body, secrets }: StoredAnswer, texts: readonly string[]): unknown {
  if (body === null) return undefined;
  const restored = JSON.parse(body) as unknown;
  secrets.forEach(({ path }, index) => {
    const parent = path.slice(0, -1).reduce((value, name) => value[name] as Shape, restored as Shape);
    parent[path.at(-1)!] = texts[index];
  });
  return restored;
}

type Shape = { [member: string]: unknown };
