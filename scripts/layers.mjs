// The one map of the layers. The dependency checker's rules and the architecture test both come from it.

/** Each library and the libraries that lie directly below it; it may import these and everything below them. */
export const LAYERS = {
  core: [],
  'transparency-log': [],
  asn1: ['core'],
  crypto: ['asn1'],
  pki: ['crypto'],
  database: ['core'],
  logging: [],
  config: ['crypto', 'database', 'logging'],
  scheduler: ['database'],
  vault: ['crypto', 'database'],
  audit: ['vault', 'scheduler', 'transparency-log'],
  idempotency: ['vault', 'scheduler'],
  tenants: ['audit', 'scheduler'],
  keys: ['tenants', 'pki'],
  'service-keys': ['keys'],
  certificates: ['service-keys'],
  signing: ['certificates'],
  licensing: ['signing'],
  installation: ['licensing', 'idempotency', 'config'],
};

/** Libraries that are plain TypeScript: what they compute depends on their arguments only. */
const PURE = ['core', 'transparency-log', 'asn1', 'crypto', 'pki'];

const FRAMEWORKS = 'node_modules/(@nestjs|typeorm)/';

/** Where entities and migrations may be declared, besides libs/database. */
const MAY_IMPORT_TYPEORM = ['^libs/database/', '(^|[/.])(entity|entities)\\.ts$', '/migrations/'];

const alternatives = (names) => `(${names.join('|')})`;

/** Every library that `name` may import: the layers below it, down to the ground. */
export function below(name, layers = LAYERS) {
  return [...new Set(layers[name].flatMap((neighbour) => [neighbour, ...below(neighbour, layers)]))];
}

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** The dependency checker's rules for a map of layers. */
export function dependencyRules(layers = LAYERS) {
  const names = Object.keys(layers);
  return [
    ...names.map((name) =>
      rule(
        `layer-${name}`,
        `libs/${name} may import ${below(name, layers).join(', ') || 'no other library'}.`,
        { path: `^libs/${name}/` },
        { path: '^(libs|apps)/', pathNot: `^libs/${alternatives([name, ...below(name, layers)])}/` },
      ),
    ),
    rule(
      'layer-unknown',
      'A new library needs its row in scripts/layers.mjs.',
      { path: '^libs/', pathNot: `^libs/${alternatives(names)}/` },
      {},
    ),
    rule(
      'front-door',
      'What a library offers stands in its index.ts; nothing behind that may be imported from outside.',
      { path: '^(libs|apps)/([^/]+)/' },
      { path: '^libs/', pathNot: ['^$1/$2/', '^libs/[^/]+/index\\.ts$'] },
    ),
    rule(
      'front-door-by-name',
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
      { path: 'node_modules/(@nestjs/)?typeorm/' },
    ),
    rule(
      'production-dependencies',
      'What the product imports stands under `dependencies`: the image is installed without the rest.',
      { path: '^(libs|apps)/' },
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
