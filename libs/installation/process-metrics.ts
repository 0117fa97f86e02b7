import { Injectable } from '@nestjs/common';

import { CpuQueue, cpuWorkKinds } from '#crypto';
import { type MetricSource, Measures, counter, defineMetrics, gauge } from '#metrics';

import { productVersion } from './product-version.js';

const metrics = defineMetrics({
  chancery_build_info: gauge('Always 1; the label is the running version', 'version'),
  chancery_cpu_work_running: gauge('Running CPU-bound computations, by kind', 'kind'),
  chancery_cpu_work_waiting: gauge('Waiting CPU-bound computations, by kind', 'kind'),
  chancery_cpu_work_rejected_total: counter(
    'CPU-bound computations that were rejected because too many were waiting, by kind',
    'kind',
  ),
});

/** What this process is, and what its processor is asked for. */
@Measures({ metrics })
@Injectable()
export class ProcessMetrics implements MetricSource<typeof metrics> {
  constructor(private readonly cpu: CpuQueue) {}

  measure() {
    const ofEach = (read: (kind: (typeof cpuWorkKinds)[number]) => number) =>
      cpuWorkKinds.map((kind) => ({ value: read(kind), labels: [kind] }));
    return {
      chancery_build_info: [{ value: 1, labels: [productVersion()] }],
      chancery_cpu_work_running: ofEach((kind) => this.cpu.running(kind)),
      chancery_cpu_work_waiting: ofEach((kind) => this.cpu.waiting(kind)),
      chancery_cpu_work_rejected_total: ofEach((kind) => this.cpu.rejected(kind)),
    };
  }
}
