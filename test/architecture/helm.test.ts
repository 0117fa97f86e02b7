import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { settings } from '#installation';

import { ROOT, read } from './project-files.js';

const CHART = 'deploy/helm/chancery';
/** `go install helm.sh/helm/v3/cmd/helm@latest` puts it into the second place. */
const helm = ['helm', join(homedir(), 'go/bin/helm')].find((program) => spawnSync(program, ['version']).status === 0);
const GIVEN = ['--kube-version', '1.30.0', '--set', 'publicUrl=https://chancery.example.com'];

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly strategy?: { readonly type: string };
    readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template?: { readonly metadata: { labels: Readonly<Record<string, string>> }; readonly spec: Pod };
    readonly rules?: readonly { readonly http: { readonly paths: readonly IngressPath[] } }[];
  };
}
interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly volumes: readonly { readonly name: string }[];
  readonly containers: readonly [
    {
      readonly image: string;
      readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
      readonly volumeMounts: readonly { readonly name: string }[];
      readonly startupProbe: { readonly httpGet: { readonly path: string } };
      readonly livenessProbe: { readonly httpGet: { readonly path: string } };
      readonly readinessProbe: { readonly httpGet: { readonly path: string } };
    },
  ];
}
interface IngressPath {
  readonly path: string;
  readonly pathType: string;
  readonly backend: { readonly service: { readonly name: string } };
}

/** What the chart makes of values. */
function rendered(...values: string[]): Resource[] {
  const options = ['template', 'one', CHART, ...GIVEN, ...values.flatMap((value) => ['--set', value])];
  const { status, stdout, stderr } = spawnSync(helm!, options, { cwd: ROOT, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null);
}

describe('the chart for Kubernetes', () => {
  const variables = Object.values(settings).map(({ variable }) => variable as string);

  it('the chart for Kubernetes sets only what is a setting, and has the version of the server', () => {
    const named = [...read(`${CHART}/templates/deployment.yaml`).matchAll(/name: ([A-Z][A-Z_]+)[, \n]/g)].map(
      ([, name]) => name!,
    );
    expect(named).toContain('CHANCERY_MASTER_KEY');
    expect(named.filter((name) => !variables.includes(name))).toEqual([]);
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(read(`${CHART}/Chart.yaml`)).toContain(`appVersion: '${version}'`);
  });

  describe.runIf(helm !== undefined)('as helm renders it', () => {
    it('the chart for Kubernetes is accepted by helm lint, and not without the address of the installation', () => {
      const lint = (...options: string[]) => spawnSync(helm!, ['lint', '--strict', CHART, ...options], { cwd: ROOT });
      expect([lint(...GIVEN.slice(2)).status, lint().status]).toEqual([0, 1]);
    });

    it('the chart for Kubernetes has a deployment for each role, whose pods have time to stop and probes that exist', () => {
      const deployments = rendered('drainSeconds=20').filter(({ kind }) => kind === 'Deployment');
      const roles = deployments.map(({ spec }) => {
        const { labels } = spec.template!.metadata;
        expect(labels).toMatchObject(spec.selector!.matchLabels);
        const { terminationGracePeriodSeconds, containers } = spec.template!.spec;
        const [{ env, startupProbe, livenessProbe, readinessProbe }] = containers;
        expect(terminationGracePeriodSeconds).toBeGreaterThan(20 + 12);
        const probes = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path);
        expect(probes).toEqual(['/health/started', '/health/live', '/health/ready']);
        return env.find(({ name }) => name === 'CHANCERY_ROLES')!.value;
      });
      expect(roles.toSorted()).toEqual(['admin,signing', 'scheduler', 'signing']);
    });

    it('the chart for Kubernetes mounts only volumes that it defines, with every option', () => {
      const resources = rendered(
        'checkpointClaim=claim',
        'roles.scheduler.replicas=1',
        'secrets.databaseCa=ca',
        'metrics.podMonitor=true',
        'environment.WORKERS=2',
      );
      const pods = resources.flatMap(({ spec }) => (spec.template ? [spec.template.spec] : []));
      expect(pods).toHaveLength(3);
      for (const { volumes, containers } of pods) {
        const mounted = containers[0].volumeMounts.map(({ name }) => name);
        expect(mounted.toSorted()).toEqual(volumes.map(({ name }) => name).toSorted());
        expect(containers[0].env).toContainEqual({ name: 'WORKERS', value: '2' });
      }
      expect(resources.map(({ kind }) => kind)).toContain('PodMonitor');
    });

    it('the chart for Kubernetes replaces a scheduler that has a volume only after it has ended, and has one of it', () => {
      const strategiesOf = (...values: string[]) =>
        rendered('roles.scheduler.replicas=1', ...values).flatMap(({ spec }) => spec.strategy?.type ?? []);
      expect(strategiesOf().toSorted()).toEqual(['RollingUpdate', 'RollingUpdate', 'RollingUpdate']);
      expect(strategiesOf('checkpointClaim=claim').toSorted()).toEqual(['Recreate', 'RollingUpdate', 'RollingUpdate']);
      const two = ['--set', 'checkpointClaim=claim,roles.scheduler.replicas=2'];
      const { status, stderr } = spawnSync(helm!, ['template', 'one', CHART, ...GIVEN, ...two], {
        cwd: ROOT,
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([1, expect.stringContaining('roles.scheduler.replicas')]);
    });

    it('the chart for Kubernetes makes no secret, and takes the master key from one', () => {
      const resources = rendered();
      expect(resources.filter(({ kind }) => kind === 'Secret' || kind === 'ConfigMap')).toEqual([]);
      for (const { spec } of resources.filter(({ kind }) => kind === 'Deployment')) {
        const key = spec.template!.spec.containers[0].env.find(({ name }) => name === 'CHANCERY_MASTER_KEY');
        expect(key).toEqual({
          name: 'CHANCERY_MASTER_KEY',
          valueFrom: { secretKeyRef: { name: 'chancery-master-key', key: 'master.key' } },
        });
      }
    });

    it('the ingress of the chart leads to services that it makes, and sends tokens and tenants to their roles', () => {
      const resources = rendered();
      const services = resources.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
      const { paths } = resources.find(({ kind }) => kind === 'Ingress')!.spec.rules![0]!.http;
      const backendOf = (path: string): string | undefined =>
        paths.find((one) => one.path === path)?.backend.service.name;
      expect(paths.filter(({ backend }) => !services.includes(backend.service.name))).toEqual([]);
      expect(['/v1/tenants', '/v1/auth', '/v1/auth/token'].map(backendOf)).toEqual([
        'one-chancery-admin',
        'one-chancery-admin',
        'one-chancery-signing',
      ]);
    });
  });
});
