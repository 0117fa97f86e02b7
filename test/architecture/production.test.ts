import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { settings as processSettings } from '#config';
import { settings } from '#installation';

import { AdminModule } from '../../apps/server/src/admin/admin.module.js';
import { SigningApiModule } from '../../apps/server/src/signing/signing-api.module.js';
import { read } from './project-files.js';

// No container engine runs where the tests do: the files are read, and compared with each other and with the server.

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt: readonly string[];
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<
    Record<string, { readonly internal?: boolean; readonly ipam?: { config: { subnet: string }[] } } | null>
  >;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const { services, networks, secrets, volumes } = parse(read('deploy/compose/production.yml'), {
  merge: true,
}) as Compose;
const nginx = read('deploy/nginx/chancery.conf');
const ours = Object.entries(services).filter(([, { image }]) => image === 'chancery');
/** What is given at the start by the operator, and written in no file of the project. */
const GIVEN = /\$\{[A-Z_]+:\?[^}]*\}/g;
/** What the operator may give, and what it is otherwise. */
const OPTIONAL = /\$\{[A-Z_]+:-([^}]*)\}/g;

describe('the composition for production', () => {
  it('the composition for production sets only what is a setting, and every role', () => {
    const known = Object.values(settings).map(({ variable }) => variable as string);
    const set = ours.flatMap(([, { environment = {} }]) => Object.keys(environment));
    expect(set.filter((name) => !known.includes(name))).toEqual([]);
    const roles = ours.map(([, { environment }]) => environment!['CHANCERY_ROLES']);
    expect(roles.toSorted()).toEqual(['admin', 'admin', 'scheduler', 'signing', 'signing']);
  });

  it('the composition for production has values that the server can read', () => {
    const readers = new Map(Object.values(settings).map((setting) => [setting.variable as string, setting.parse]));
    const unreadable = ours.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([name, value]) => {
        const given = value
          .replaceAll(GIVEN, name === 'CHANCERY_PUBLIC_URL' ? 'https://chancery.test' : 'given')
          .replaceAll(OPTIONAL, '$1');
        try {
          readers.get(name)!(given);
          return false;
        } catch {
          return true;
        }
      }),
    );
    expect(unreadable).toEqual([]);
  });

  it('the composition for production has no secret in it', () => {
    const secretSettings = Object.values(settings).filter((setting) => 'secret' in setting && setting.secret);
    const names = [...secretSettings.map(({ variable }) => variable as string), 'MYSQL_PASSWORD', 'REDIS_PASSWORD'];
    const values = Object.values(services).flatMap(({ environment = {} }) =>
      Object.entries(environment).filter(([name]) => names.includes(name)),
    );
    expect(values.length).toBeGreaterThan(10);
    // The part of a password is a variable that must be set; there is no default for it.
    for (const [name, value] of values)
      expect([name, value.replace(GIVEN, '?')]).toEqual([
        name,
        expect.stringMatching(/^(\?|[a-z]+:\/\/\w*:\?@[\w:/]+)$/),
      ]);
  });

  it('the composition for production names only networks, secrets, volumes and services that it defines', () => {
    for (const [name, service] of Object.entries(services)) {
      const awaited = Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on ?? {});
      expect([name, awaited.filter((one: string) => !(one in services))]).toEqual([name, []]);
      expect([name, service.networks.filter((one) => !(one in networks))]).toEqual([name, []]);
      expect([name, (service.secrets ?? []).filter((one) => !(one in secrets))]).toEqual([name, []]);
      const mounted = (service.volumes ?? []).map((volume) => volume.split(':')[0]!);
      expect([name, mounted.filter((one) => !one.startsWith('.') && !(one in volumes))]).toEqual([name, []]);
    }
  });

  it('the composition for production opens nothing to the outside but nginx', () => {
    expect(Object.keys(services).filter((name) => services[name]!.ports !== undefined)).toEqual(['nginx']);
    expect(networks['back']).toEqual({ internal: true });
    for (const name of ['database', 'redis']) expect(services[name]!.networks).toEqual(['back']);
    for (const { security_opt: options } of Object.values(services))
      expect(options).toEqual(['no-new-privileges:true']);
    for (const [, service] of ours) expect([service.read_only, service.cap_drop]).toEqual([true, ['ALL']]);
  });

  it('the composition for production has a witness that starts where it is asked for, and the scheduler can reach', () => {
    const {
      profiles,
      build,
      networks: reached,
      environment,
      read_only: isReadOnly,
      cap_drop: dropped,
    } = services['witness']!;
    expect([profiles, reached, isReadOnly, dropped]).toEqual([['witness'], ['front'], true, ['ALL']]);
    expect(services['scheduler']!.networks).toContain('front');
    const folder = `deploy/compose/${String(build).replace('./', '')}`;
    const dockerfile = read(`${folder}/Dockerfile`).replaceAll(/\\\n\s*/g, '');
    const script = read(`${folder}/witness.sh`);
    // Each variable that the program is started with has a value.
    const used = new Set([...script.matchAll(/\$(WITNESS_[A-Z]+)/g)].map(([, name]) => name!));
    const given = [...dockerfile.matchAll(/(WITNESS_[A-Z]+)=/g), ...script.matchAll(/^(WITNESS_[A-Z]+)=/gm)];
    const known = new Set([...given.map(([, name]) => name!), ...Object.keys(environment!)]);
    expect([...used].filter((name) => !known.has(name))).toEqual([]);
    expect([...dockerfile.matchAll(/^COPY (?:--chmod=\d+ )?([\w.]+) /gm)].map(([, file]) => file)).toEqual([
      'witness.sh',
    ]);
    // Its address is the one that the settings and the documents name.
    const [, port] = /WITNESS_LISTEN=0\.0\.0\.0:(\d+)/.exec(dockerfile)!;
    expect(dockerfile).toContain(`EXPOSE ${port}\n`);
    const url = `http://witness:${port}`;
    for (const file of ['deploy/compose/production.yml', 'docs/history.md'])
      expect([file, read(file).includes(url)]).toEqual([file, true]);
    expect(services['scheduler']!.environment!['CHANCERY_WITNESS_URLS']).toBe('${CHANCERY_WITNESS_URLS:-}');
    const key = 'auditor.example/witness+6f7f24a9+BBJkAls7WSvkcO42mUhVg8SG+IrmaL7zVABWygvDFx7C';
    expect(settings.witnesses!.parse(`${key} ${url}`)).toMatchObject([{ url }]);
  });

  it('the composition for production trusts the addresses that nginx gives, by the network of both', () => {
    const [{ subnet }] = networks['front']!.ipam!.config as [{ subnet: string }];
    for (const [, { environment }] of ours) expect(environment!['TRUSTED_PROXIES']).toBe(subnet);
    expect(nginx).toContain('proxy_set_header X-Forwarded-For $remote_addr;');
  });

  it('the composition for production waits for longer than a server takes to stop', () => {
    const seconds = Number(processSettings.drainSeconds.fallback) + 12;
    for (const [, service] of ours) expect(Number.parseInt(service.stop_grace_period!)).toBeGreaterThan(seconds);
  });
});

describe('the configuration of nginx', () => {
  /** The names of the servers of an upstream. */
  const serversOf = (upstream: string): string[] => {
    const [, block = ''] = new RegExp(`^upstream ${upstream} \\{\\n([^}]*)\\}`, 'm').exec(nginx) ?? [];
    return [...block.matchAll(/^ *server ([\w-]+):3000 /gm)].map(([, name]) => name!);
  };
  const roleOf = (name: string): string | undefined => services[name]?.environment?.['CHANCERY_ROLES'];
  /** Rows of the map, tried in order as nginx does with expressions. */
  const rows = [...nginx.matchAll(/^ *~(\S+) chancery_(\w+);$/gm)].map(
    ([, expression, role]) => [new RegExp(expression!), role!] as const,
  );
  const chosen = (path: string): string => rows.find(([expression]) => expression.test(path))?.[1] ?? 'signing';

  it('the configuration of nginx sends each role to the services that have it', () => {
    for (const role of ['admin', 'signing']) {
      const roles = serversOf(`chancery_${role}`).map(roleOf);
      expect(roles).toEqual([role, role]);
    }
  });

  const pathsOf = (module: Type): string[] =>
    (Reflect.getMetadata('controllers', module) as Type[]).flatMap((controller) => {
      const prefix = Reflect.getMetadata('path', controller) as string;
      const handlers = Object.getOwnPropertyNames(controller.prototype as object)
        .filter((name) => name !== 'constructor')
        .map((name) => (controller.prototype as Record<string, unknown>)[name])
        .filter((handler): handler is object => typeof handler === 'function' && Reflect.hasMetadata('path', handler));
      const routes = handlers.flatMap((handler) => [Reflect.getMetadata('path', handler) as string | string[]].flat());
      return routes.map((route) =>
        `/${prefix}/${route}`
          .replaceAll(/\/{2,}/g, '/')
          .replaceAll(/:\w+/g, 'x')
          .replace(/(.)\/$/, '$1'),
      );
    });

  it.each([
    ['admin', AdminModule],
    ['signing', SigningApiModule],
  ] as const)('the configuration of nginx sends every route of the role %s to it', (role, module) => {
    const paths = pathsOf(module);
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => chosen(path) !== role)).toEqual([]);
  });

  it('the configuration of nginx sends people to the console and the API reference', () => {
    const paths = ['/', '/console', '/console/assets/x.js', '/docs', '/docs/x.css', '/openapi.json'];
    expect(paths.map(chosen)).toEqual(paths.map(() => 'admin'));
    expect(['/health/ready', '/v1/tenants/x/.well-known/jwks.json'].map(chosen)).toEqual(['signing', 'signing']);
  });
});
