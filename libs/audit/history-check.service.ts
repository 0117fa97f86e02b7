import { Injectable } from '@nestjs/common';

import { platformScope, systemOrigin } from '#core';
import { Database } from '#database';
import { GrowingTree, leafHash, subtreesOf } from '#transparency-log';

import { Checkpoints } from './checkpoints.service.js';
import type { EventDocument } from './event.js';
import { historyEvents } from './events.js';
import { lastErasure } from './history-border.js';
import { HistoryBorder } from './history-border.entity.js';
import { HistoryStates } from './history-states.service.js';
import { entriesOf } from './log-entries.js';
import { HistoryHead } from './log.entities.js';
import { hashesOf } from './stored-tiles.js';

const SYSTEM = platformScope(systemOrigin('history-check'));
const EVENTS_AT_ONCE = 1_000;

interface CheckedHistories {
  /** Numbers of hashed events and of histories. */
  readonly events: number;
  readonly histories: number;
  /** The problems, by the name of the log; empty if there are none. */
  readonly problems: readonly string[];
}

/** Hashes every event that a checkpoint covers again. */
@Injectable()
export class HistoryCheck {
  constructor(
    private readonly database: Database,
    private readonly checkpoints: Checkpoints,
    private readonly states: HistoryStates,
  ) {}

  /** Whether the events match the signed checkpoints and the checkpoints that are kept outside of the database. */
  async verify(): Promise<CheckedHistories> {
    const problems: string[] = [];
    let [events, histories] = [0, 0];
    for (let cursor: string | undefined; ;) {
      const page = await this.database.readPlatform(SYSTEM, (view) =>
        view.page(HistoryHead, {}, [['id', 'ASC']], cursor === undefined ? {} : { cursor }),
      );
      for (const head of page.items) {
        histories += 1;
        events += head.size;
        const problem = await this.problemOf(head);
        if (problem !== undefined) problems.push(`${head.origin}: ${problem}`);
      }
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    for (const origin of await this.checkpoints.rolledBack()) {
      problems.push(`${origin}: a later checkpoint was kept, or another one`);
    }
    return { events, histories, problems };
  }

  private borderOf(tenantId: string) {
    return this.database.readPlatform(SYSTEM, async (view) => {
      const { erasedBefore = 0, stateHash = null } = (await view.findOne(HistoryBorder, { tenantId })) ?? {};
      const subtrees = subtreesOf({ begin: 0, end: erasedBefore });
      const hashes = await hashesOf(view, tenantId)(subtrees);
      const isSame = erasedBefore === 0 || (await this.states.hashOf(view, tenantId)) === stateHash;
      const areIntact = isSame && (await this.states.areIntact(view, tenantId));
      return { erasedBefore, stateHash, areIntact, subtrees, hashes };
    });
  }

  /** Whether the event of the last erasure, which no checkpoint covers yet, says this one. */
  private async isSaidLast(tenantId: string, size: number, border: SaidErasure): Promise<boolean> {
    const last = await this.database.readPlatform(SYSTEM, (view) => lastErasure(view, tenantId));
    return last !== undefined && last.sequence >= size && saysErasure(last.canonical, border);
  }

  /** Repeats the check if more was erased in the meantime. */
  private async problemOf(head: HistoryHead): Promise<string | undefined> {
    for (;;) {
      const border = await this.borderOf(head.id);
      const problem = await this.problemAt(head, border);
      if (problem === undefined || (await this.borderOf(head.id)).erasedBefore === border.erasedBefore) return problem;
    }
  }

  private async problemAt(
    { id: tenantId, size, root }: HistoryHead,
    border: Awaited<ReturnType<HistoryCheck['borderOf']>>,
  ): Promise<string | undefined> {
    const tree = new GrowingTree();
    for (const [place, { level }] of border.subtrees.entries()) tree.appendSubtree(border.hashes[place]!, level);
    /** Whether an event says what is erased; it can be later than the checkpoint. */
    let isSaid = border.erasedBefore === 0;
    while (tree.size < size) {
      const to = Math.min(size, tree.size + EVENTS_AT_ONCE);
      const rows = await this.database.readPlatform(SYSTEM, (view) => entriesOf(view, tenantId, tree.size, to));
      if (rows.length !== to - tree.size) return `events between ${tree.size} and ${to} are missing`;
      for (const { canonical, sequence, leafHash: stored } of rows) {
        const leaf = leafHash(Buffer.from(canonical));
        if (Buffer.from(leaf).toString('hex') !== stored) return `event ${sequence} was changed`;
        isSaid ||= saysErasure(canonical, border);
        tree.append(leaf);
      }
    }
    if (!isSaid && !(await this.isSaidLast(tenantId, size, border))) {
      return `no event says that the ${border.erasedBefore} events before it were erased`;
    }
    if (!border.areIntact) return 'what followed from the erased events was changed';
    return Buffer.from(tree.root()).toString('hex') === root ? undefined : 'the events are not those that were signed';
  }
}

interface SaidErasure {
  readonly erasedBefore: number;
  readonly stateHash: string | null;
}

/** Whether an entry is the event of exactly this erasure. */
function saysErasure(canonical: string, { erasedBefore, stateHash }: SaidErasure): boolean {
  if (!canonical.includes(historyEvents.bodies_erased.action)) return false;
  const { action, details } = JSON.parse(canonical) as EventDocument;
  const said = details as { readonly before?: unknown; readonly stateSha256?: unknown } | undefined;
  return (
    action === historyEvents.bodies_erased.action && said?.before === erasedBefore && said.stateSha256 === stateHash
  );
}
