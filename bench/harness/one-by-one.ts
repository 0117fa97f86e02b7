// Loaded before the server where group commit is compared with what it replaces: each request then has a transaction of
// its own. The product has no setting for that.
import { registerHooks } from 'node:module';

/** How much shares a transaction, and a commit. */
const LIMITS = [
  { file: '/libs/database/group-commit.js', limit: 'const GROUP_MAX = 256;', one: 'const GROUP_MAX = 1;' },
  { file: '/libs/database/shared-commit.js', limit: 'const WORKS_MAX = 64;', one: 'const WORKS_MAX = 1;' },
];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const changed = LIMITS.find(({ file }) => url.endsWith(file));
    if (!changed) return loaded;
    const { limit, one } = changed;
    const source = String(loaded.source);
    if (!source.includes(limit)) throw new Error(`${url} does not say \`${limit}\` any more`);
    return { ...loaded, source: source.replace(limit, one) };
  },
});
