import { Injectable } from '@nestjs/common';

import { type MetricSource, Measures, counter, defineMetrics, gauge, histogram } from '#metrics';

import { Database } from './database.js';

const metrics = defineMetrics({
  chancery_database_up: gauge('1 while the database answers, 0 while it does not'),
  chancery_database_writable: gauge('1 unless a write failed because the disk is full or the database is read-only'),
  chancery_database_connections_in_use: gauge('Connections of the pool that work now; one writer with SQLite'),
  chancery_database_connections_max: gauge('Size of the pool'),
  chancery_database_connections_waiting: gauge('Pieces of work that wait for a connection'),
  chancery_group_commit_requests: histogram('Requests that one shared transaction made durable'),
  chancery_group_commit_wait_seconds: histogram(
    'Time from the arrival of a request to the beginning of its shared transaction',
  ),
  chancery_configuration_lookups_total: counter(
    'Look-ups of what is kept in memory of configurations; a miss reads the database',
    'kept',
    'result',
  ),
});

/** How the database is used by this process. */
@Measures({ metrics })
@Injectable()
export class DatabaseMetrics implements MetricSource<typeof metrics> {
  constructor(private readonly database: Database) {}

  async measure() {
    const { measures, connections } = this.database;
    return {
      chancery_database_up: Number(await this.database.answers()),
      chancery_database_writable: Number(await this.database.isWritable()),
      chancery_database_connections_in_use: connections.running,
      chancery_database_connections_max: connections.concurrency,
      chancery_database_connections_waiting: connections.waiting,
      chancery_group_commit_requests: measures.batchSizes,
      chancery_group_commit_wait_seconds: measures.batchWaits,
      chancery_configuration_lookups_total: measures.lookups,
    };
  }
}
