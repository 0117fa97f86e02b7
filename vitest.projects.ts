interface Project {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  readonly pool: 'forks' | 'threads';
  /** Whether each file has a process of its own. Otherwise files that follow each other in one share the modules that they import. */
  readonly isolate?: boolean;
}

/** Pages in Chromium: `npm test` leaves this project out, `npm run test:browser` runs it. */
const BROWSER = ['test/e2e/console/**/*.test.ts'];
/** Specs beside the code, and the rules of the project. */
const UNIT = ['libs/**/*.spec.ts', 'apps/**/*.spec.ts', 'test/architecture/**/*.test.ts'];
/** What standards and other implementations say, openssl, Python and Java among them, without a database or a server. */
const CONFORMANCE = [
  'test/conformance/{crypto,key-files}/**/*.test.ts',
  'test/conformance/{certificates,transparency-log}/pure-*.test.ts',
];
/** A PKCS#11 module, which can be initialised once in a process, with the tokens that it finds then. */
const TOKENS = ['test/integration/{vault,key-stores}/pkcs11.test.ts'];
/** Processes that are started and killed, and races. */
const FAULTS = ['test/faults/**/*.test.ts'];
/** Services on a real database. */
const INTEGRATION = ['test/integration/**/*.test.ts'];

/** Every project, the one with the longest files first: `npm test -- --project unit` runs one of them. */
export const PROJECTS: Readonly<Record<string, Project>> = {
  browser: { include: BROWSER, pool: 'forks' },
  faults: { include: FAULTS, pool: 'forks' },
  tokens: { include: TOKENS, pool: 'forks', isolate: true },
  integration: { include: INTEGRATION, exclude: TOKENS, pool: 'forks' },
  // The server over HTTP, and the command line: whatever no other project has.
  e2e: {
    include: ['test/**/*.test.ts'],
    exclude: [...BROWSER, ...UNIT, ...CONFORMANCE, ...FAULTS, ...INTEGRATION],
    pool: 'forks',
  },
  conformance: { include: CONFORMANCE, pool: 'forks' },
  unit: { include: UNIT, pool: 'threads' },
};
