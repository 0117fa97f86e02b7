import { Injectable } from '@nestjs/common';

import { platformScope, systemOrigin } from '#core';
import { Database } from '#database';
import { GrowingTree, leafHash } from '#transparency-log';

import { Checkpoints } from './checkpoints.service.js';
import { entriesOf } from './log-entries.js';
import { HistoryHead } from './log.entities.js';

const SYSTEM = platformScope(systemOrigin('history-check'));
const EVENTS_AT_ONCE = 1_000;

export interface CheckedHistories {
  /** How many events were hashed, and of how many histories. */
  readonly events: number;
  readonly histories: number;
  /** What is wrong, by the name of the log; empty where all is well. */
  readonly problems: readonly string[];
}

/** Hashes every event that a checkpoint covers again. */
@Injectable()
export class HistoryCheck {
  constructor(
    private readonly database: Database,
    private readonly checkpoints: Checkpoints,
  ) {}

  /** Whether the events are those that were signed, and continue what was kept outside of the database. */
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

  private async problemOf({ id: tenantId, size, root }: HistoryHead): Promise<string | undefined> {
    const tree = new GrowingTree();
    while (tree.size < size) {
      const to = Math.min(size, tree.size + EVENTS_AT_ONCE);
      const rows = await this.database.readPlatform(SYSTEM, (view) => entriesOf(view, tenantId, tree.size, to));
      if (rows.length !== to - tree.size) return `events between ${tree.size} and ${to} are missing`;
      for (const { canonical, sequence, leafHash: stored } of rows) {
        const leaf = leafHash(Buffer.from(canonical));
        if (Buffer.from(leaf).toString('hex') !== stored) return `event ${sequence} was changed`;
        tree.append(leaf);
      }
    }
    return Buffer.from(tree.root()).toString('hex') === root ? undefined : 'the events are not those that were signed';
  }
}
