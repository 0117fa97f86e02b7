// The one map of the layers. The dependency checker's rules and the architecture test both come from it.

/** Each library and the libraries that it imports. Each line is true: an import that is not in it is rejected, and a test fails on one that is not used. */
export const LAYERS = {
  core: [],
  sdk: [],
  logging: [],
  metrics: ['core', 'logging'],
  'log-verifier': [],
  'transparency-log': ['log-verifier'],
  asn1: ['core'],
  config: ['core', 'logging'],
  tracing: ['core', 'config'],
  database: ['core', 'config', 'metrics', 'tracing'],
  crypto: ['core', 'asn1'],
  pki: ['core', 'asn1', 'crypto'],
  outbound: ['core'],
  issuers: ['core', 'config', 'crypto', 'outbound'],
  vault: ['core', 'logging', 'config', 'metrics', 'database', 'crypto'],
  scheduler: ['core', 'logging', 'metrics', 'database', 'vault'],
  'key-stores': ['core', 'logging', 'config', 'metrics', 'database', 'asn1', 'crypto', 'vault', 'scheduler'],
  audit: ['core', 'transparency-log', 'metrics', 'database', 'crypto', 'config', 'vault', 'scheduler'],
  backup: ['core', 'database', 'crypto'],
  deliveries: ['core'],
  mail: ['core', 'logging', 'metrics', 'database', 'config', 'vault', 'scheduler', 'deliveries', 'outbound'],
  idempotency: ['core', 'database', 'crypto', 'vault', 'scheduler'],
  factors: ['core', 'database', 'crypto', 'config', 'vault', 'scheduler'],
  tenants: ['core', 'database', 'crypto', 'config', 'vault', 'key-stores', 'scheduler', 'audit', 'factors', 'mail'],
  contacts: ['core', 'database', 'crypto', 'config', 'mail', 'tenants'],
  keys: ['core', 'database', 'crypto', 'pki', 'vault', 'key-stores', 'scheduler', 'contacts', 'tenants'],
  'service-keys': [
    'core',
    'backup',
    'logging',
    'metrics',
    'database',
    'crypto',
    'vault',
    'scheduler',
    'audit',
    'mail',
    'contacts',
    'issuers',
    'tenants',
  ],
  'identity-providers': ['core', 'config', 'database', 'crypto', 'vault', 'scheduler', 'audit', 'issuers', 'tenants'],
  certificates: [
    'core',
    'asn1',
    'metrics',
    'database',
    'crypto',
    'config',
    'pki',
    'vault',
    'key-stores',
    'scheduler',
    'contacts',
    'tenants',
    'keys',
    'service-keys',
  ],
  acme: [
    'core',
    'asn1',
    'config',
    'logging',
    'database',
    'crypto',
    'pki',
    'outbound',
    'vault',
    'scheduler',
    'audit',
    'tenants',
    'service-keys',
    'certificates',
  ],
  signing: [
    'core',
    'backup',
    'metrics',
    'database',
    'crypto',
    'config',
    'issuers',
    'vault',
    'scheduler',
    'tenants',
    'keys',
    'service-keys',
    'certificates',
  ],
  licensing: ['core', 'database', 'crypto', 'service-keys', 'signing'],
  announcements: [
    'core',
    'logging',
    'database',
    'crypto',
    'config',
    'vault',
    'scheduler',
    'audit',
    'outbound',
    'contacts',
    'tenants',
    'deliveries',
    'mail',
  ],
  'as-of': ['core', 'database', 'audit', 'tenants', 'keys', 'service-keys', 'certificates', 'signing'],
  retention: ['core', 'config', 'metrics', 'database', 'scheduler', 'audit', 'tenants', 'announcements', 'as-of'],
  installation: [
    'core',
    'backup',
    'logging',
    'metrics',
    'tracing',
    'database',
    'crypto',
    'config',
    'vault',
    'key-stores',
    'scheduler',
    'audit',
    'as-of',
    'idempotency',
    'contacts',
    'mail',
    'identity-providers',
    'factors',
    'tenants',
    'keys',
    'service-keys',
    'certificates',
    'acme',
    'signing',
    'licensing',
    'announcements',
    'retention',
  ],
};

/** Libraries that are plain TypeScript: what they compute depends on their arguments only. */
const PURE = ['core', 'log-verifier', 'transparency-log', 'asn1', 'crypto', 'pki'];

const FRAMEWORKS = 'node_modules/(@nestjs|typeorm)/';

/** Where entities and migrations may be declared, besides libs/database. */
const MAY_IMPORT_TYPEORM = ['^libs/database/', '(^|[/.])(entity|entities)\\.ts$', '/migrations/'];

const alternatives = (names) => `(${names.join('|')})`;

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** The dependency checker's rules for a map of layers. */
export function dependencyRules(layers = LAYERS) {
  const names = Object.keys(layers);
  return [
    ...names.map((name) =>
      rule(
        `layer-${name}`,
        `libs/${name} may import ${layers[name].join(', ') || 'no other library'}.`,
        { path: `^libs/${name}/` },
        { path: '^(libs|apps)/', pathNot: `^libs/${alternatives([name, ...layers[name]])}/` },
      ),
    ),
    rule(
      'layer-unknown',
      'A new library needs its row in scripts/layers.mjs.',
      { path: '^libs/', pathNot: `^libs/${alternatives(names)}/` },
      {},
    ),
    rule(
      'entry-point',
      'What a library offers is in its index.ts; nothing behind that may be imported from outside.',
      { path: '^(libs|apps)/([^/]+)/' },
      { path: '^libs/', pathNot: ['^$1/$2/', '^libs/[^/]+/index\\.ts$'] },
    ),
    rule(
      'entry-point-by-name',
      'A library is imported as `#name`, which package.json maps to the source or to the build.',
      { path: '^(libs|apps)/([^/]+)/' },
      { path: '^libs/[^/]+/index\\.ts$', pathNot: '^$1/$2/', dependencyTypesNot: ['aliased-subpath-import'] },
    ),
    rule(
      'app-alone',
      'An application is started by itself: what two of them need belongs to a library.',
      { path: '^apps/([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    rule(
      'core-alone',
      'libs/core imports nothing at all: it runs wherever JavaScript runs.',
      { path: '^libs/core/' },
      { pathNot: '^libs/core/' },
    ),
    rule(
      'pure',
      'Pure libraries know neither the framework nor the database.',
      { path: `^libs/${alternatives(PURE)}/` },
      { path: FRAMEWORKS },
    ),
    rule(
      'one-door-to-data',
      'Only libs/database speaks TypeORM; elsewhere entities and migrations declare tables with it.',
      { path: '^(libs|apps)/', pathNot: MAY_IMPORT_TYPEORM },
      { path: 'node_modules/typeorm/' },
    ),
    rule(
      'one-door-to-repositories',
      'A module names its tables to @nestjs/typeorm; nothing else imports it, so that no service asks for a repository.',
      { path: '^(libs|apps)/', pathNot: '\\.module\\.ts$' },
      { path: 'node_modules/@nestjs/typeorm/' },
    ),
    rule(
      'document-when-asked',
      'Swagger is loaded when the API document is first asked for: its decorators come from http/api-declarations.ts.',
      { path: '^(libs|apps)/' },
      { path: 'node_modules/@nestjs/swagger/', dynamic: false, dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'production-dependencies',
      'What the product imports is listed under `dependencies`: the image is installed without the rest.',
      // The SDK has a package.json of its own; of the console only what is built of it runs.
      { path: '^(libs|apps)/', pathNot: '^(libs/sdk|apps/console)/' },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    ),
    rule('no-cycles', 'Two files that import each other are one file in two places.', {}, { circular: true }),
    rule('resolvable', 'Each import leads to a file.', {}, { couldNotResolve: true }),
  ];
}

/** How the dependency checker reads this project: sources of the product without its tests, `#name` as source. */
export const DEPENDENCY_OPTIONS = {
  exclude: { path: '\\.spec\\.ts$' },
  doNotFollow: { path: 'node_modules' },
  tsPreCompilationDeps: true,
  tsConfig: { fileName: 'tsconfig.json' },
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['source', 'import', 'node', 'default', 'types'],
    mainFields: ['main', 'types'],
  },
};
