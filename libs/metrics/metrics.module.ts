import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';

import { Metrics } from './metrics.service.js';

/** What the libraries of a process measure, for Prometheus. */
@Module({ imports: [DiscoveryModule], providers: [Metrics], exports: [Metrics] })
export class MetricsModule {}
