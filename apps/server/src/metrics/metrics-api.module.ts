import { Module } from '@nestjs/common';

import { MetricsModule } from '#metrics';

import { MetricsAccess } from './metrics-access.js';
import { MetricsListener } from './metrics-listener.js';
import { MetricsController } from './metrics.controller.js';

/** Serves the metrics of the libraries. */
@Module({ imports: [MetricsModule], controllers: [MetricsController], providers: [MetricsAccess, MetricsListener] })
export class MetricsApiModule {}
