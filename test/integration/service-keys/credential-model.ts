// A second, independent statement of the lifecycle rules, as small as they can be said. It shares no code with the
// product; the model-based test drives both and compares.

export type ModelState = 'active' | 'inactive' | 'expired' | 'compromised' | 'deleted';

export interface ModelCredential {
  readonly label: number;
  stored: ModelState;
  readonly createdAt: number;
  expiresAt: number | null;
  overlapEndsAt: number | null;
  replaced: boolean;
  discardedAt: number | null;
  /** When a caller last presented it although it was inactive. */
  refusedAt: number;
  /** Created by the scheduler, not by a person. */
  readonly automatic: boolean;
  used: boolean;
}

export interface Outcome {
  readonly code: string;
  /** How many new credentials came into being. */
  readonly born: number;
}

const ok = (born = 0): Outcome => ({ code: 'OK', born });
const refused = (code: string): Outcome => ({ code, born: 0 });
const DAY = 86_400_000;
const LEAD = 14 * DAY;
const LIFETIME = 365 * DAY;
const KEPT_INACTIVE = 7 * DAY;

/** The credentials of one service and one type. */
export class CredentialModel {
  readonly all: ModelCredential[] = [];

  constructor(
    public now: number,
    private readonly limit: number,
  ) {
    this.bear(null);
  }

  state(c: ModelCredential): ModelState {
    if ((c.stored === 'active' || c.stored === 'inactive') && c.expiresAt !== null && this.now >= c.expiresAt)
      return 'expired';
    if (c.stored === 'active' && c.overlapEndsAt !== null && this.now >= c.overlapEndsAt) return 'inactive';
    return c.stored;
  }

  private lasting = (c: ModelCredential): boolean => this.state(c) === 'active' && c.overlapEndsAt === null;
  private live = (): number => this.all.filter((c) => ['active', 'inactive'].includes(this.state(c))).length;
  private others = (c: ModelCredential): ModelCredential[] => this.all.filter((other) => other !== c);
  private anotherLasts = (c: ModelCredential): boolean => this.others(c).some(this.lasting);
  private slotTaken = (c: ModelCredential): boolean =>
    this.others(c).some(
      (o) => this.state(o) === 'inactive' || (this.state(o) === 'active' && o.overlapEndsAt !== null),
    );

  private bear(expiresAt: number | null, automatic = false): ModelCredential {
    const born: ModelCredential = {
      label: this.all.length,
      stored: 'active',
      createdAt: this.now,
      expiresAt,
      overlapEndsAt: null,
      replaced: false,
      discardedAt: null,
      refusedAt: 0,
      automatic,
      used: false,
    };
    this.all.push(born);
    return born;
  }

  private inherit(c: ModelCredential): number | null {
    return c.expiresAt === null ? null : this.now + (c.expiresAt - c.createdAt);
  }

  /** The expiry of a successor that no person asked for. */
  private defaultExpiry(c: ModelCredential): number | null {
    return c.expiresAt === null ? null : this.now + LIFETIME;
  }

  private unusedSuccessor = (c: ModelCredential): boolean => c.automatic && !c.used;

  create(lifetime: number | null): Outcome {
    if (this.live() >= this.limit) return refused('CREDENTIAL_LIMIT_REACHED');
    this.bear(lifetime === null ? null : this.now + lifetime);
    return ok(1);
  }

  discard(c: ModelCredential): Outcome {
    if (this.state(c) !== 'active') return refused('WRONG_STATE');
    if (!this.anotherLasts(c)) return refused('LAST_ACTIVE_CREDENTIAL');
    if (this.slotTaken(c)) return refused('INACTIVE_CREDENTIAL_EXISTS');
    c.stored = 'inactive';
    c.discardedAt = this.now;
    c.overlapEndsAt = null;
    return ok();
  }

  reactivate(c: ModelCredential): Outcome {
    if (this.state(c) !== 'inactive') return refused('WRONG_STATE');
    c.stored = 'active';
    c.overlapEndsAt = null;
    return ok();
  }

  regenerate(c: ModelCredential, overlap: number): Outcome {
    if (this.state(c) !== 'active' || c.overlapEndsAt !== null) return refused('WRONG_STATE');
    if (this.slotTaken(c)) return refused('INACTIVE_CREDENTIAL_EXISTS');
    if (this.live() >= this.limit) return refused('CREDENTIAL_LIMIT_REACHED');
    const ends = Math.min(this.now + overlap, c.expiresAt ?? Infinity);
    this.bear(this.inherit(c));
    c.replaced = true;
    if (ends > this.now) {
      c.overlapEndsAt = ends;
    } else {
      c.stored = 'inactive';
      c.discardedAt = this.now;
    }
    return ok(1);
  }

  /** Regenerates after the deletion of the inactive one; a rejection leaves that as it was. */
  rotate(c: ModelCredential, overlap: number): Outcome {
    const inactive = this.others(c).filter((other) => this.state(other) === 'inactive');
    const before = inactive.map(({ stored, overlapEndsAt }) => ({ stored, overlapEndsAt }));
    for (const other of inactive) Object.assign(other, { stored: 'deleted', overlapEndsAt: null });
    const outcome = this.regenerate(c, overlap);
    if (outcome.code !== 'OK') inactive.forEach((other, i) => Object.assign(other, before[i]));
    return outcome;
  }

  compromise(c: ModelCredential): Outcome {
    if (!['active', 'inactive'].includes(this.state(c))) return refused('WRONG_STATE');
    const wasOnly = this.lasting(c) && !this.anotherLasts(c);
    if (wasOnly) {
      this.bear(this.defaultExpiry(c));
      c.replaced = true;
    }
    c.stored = 'compromised';
    c.overlapEndsAt = null;
    return ok(wasOnly ? 1 : 0);
  }

  update(c: ModelCredential, lifetime: number | null): Outcome {
    if (!['active', 'inactive'].includes(this.state(c))) return refused('WRONG_STATE');
    c.expiresAt = lifetime === null ? null : this.now + lifetime;
    return ok();
  }

  delete(c: ModelCredential): Outcome {
    if (!['inactive', 'expired', 'compromised'].includes(this.state(c))) return refused('WRONG_STATE');
    const born = this.applyDue(c);
    c.stored = 'deleted';
    return ok(born);
  }

  /** What a caller with this credential is told. */
  use(c: ModelCredential): string {
    const codes: Record<ModelState, string> = {
      active: 'OK',
      inactive: 'CREDENTIAL_INACTIVE',
      expired: 'CREDENTIAL_EXPIRED',
      compromised: 'CREDENTIAL_COMPROMISED',
      deleted: 'INVALID_CREDENTIALS',
    };
    return codes[this.state(c)];
  }

  /** Records what the clock decided, and makes the successors that are due. */
  schedule(): number {
    let born = 0;
    for (const c of this.all.slice()) born += this.applyDue(c);
    const due = (c: ModelCredential): boolean =>
      c.expiresAt !== null && c.expiresAt - Math.min(LEAD, (c.expiresAt - c.createdAt) / 2) <= this.now;
    const soonestFirst = this.all
      .filter((c) => this.lasting(c) && !c.replaced && due(c))
      .toSorted((a, b) => a.expiresAt! - b.expiresAt! || a.label - b.label);
    for (const c of soonestFirst) {
      if (this.others(c).some((other) => this.lasting(other) && !due(other))) continue;
      if (this.unusedSuccessor(c)) continue;
      this.bear(this.defaultExpiry(c), true);
      c.replaced = true;
      born += 1;
    }
    for (const c of this.all) {
      if (this.state(c) === 'inactive' && Math.max(c.discardedAt!, c.refusedAt) + KEPT_INACTIVE <= this.now)
        c.stored = 'deleted';
    }
    return born;
  }

  private applyDue(c: ModelCredential): number {
    const state = this.state(c);
    if (state === c.stored) return 0;
    const wasOnly =
      state === 'expired' &&
      c.stored === 'active' &&
      c.overlapEndsAt === null &&
      !this.anotherLasts(c) &&
      !this.others(c).some((o) => o.stored === 'active' && o.overlapEndsAt === null && o.expiresAt! > c.expiresAt!);
    c.stored = state;
    if (state === 'inactive') c.discardedAt = c.overlapEndsAt;
    c.overlapEndsAt = null;
    if (!wasOnly || this.unusedSuccessor(c)) return 0;
    this.bear(this.defaultExpiry(c), true);
    c.replaced = true;
    return 1;
  }

  /** Rule 3, to be checked after a run of the scheduler. */
  violations(): string[] {
    const count = (state: ModelState): number => this.all.filter((c) => this.state(c) === state).length;
    return [
      ...(count('active') < 1 && !this.all.some((c) => this.unusedSuccessor(c) && this.state(c) === 'expired')
        ? ['no active credential']
        : []),
      ...(count('inactive') > 1 ? ['more than one inactive credential'] : []),
    ];
  }
}
