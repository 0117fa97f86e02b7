import { Injectable } from '@nestjs/common';

import { type MetricSource, Measures, counter, defineMetrics, gauge, histogram } from '#metrics';

import { Database } from './database.js';

const metrics = defineMetrics({
  chancery_database_up: gauge('1 while the database answers, 0 while it does not'),
  chancery_database_writable: gauge(
    '0 after a write failed because the disk is full or the database is read-only, otherwise 1',
  ),
  chancery_database_connections_in_use: gauge('Connections of the pool in use; with SQLite, one writer'),
  chancery_database_connections_max: gauge('Size of the pool'),
  chancery_database_connections_waiting: gauge('Operations that wait for a connection'),
  chancery_group_commit_requests: histogram('Requests per shared transaction'),
  chancery_group_commit_wait_seconds: histogram(
    'Time from the arrival of a request to the start of its shared transaction',
  ),
  chancery_configuration_lookups_total: counter(
    'Lookups in the configuration cache; a miss reads the database',
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
