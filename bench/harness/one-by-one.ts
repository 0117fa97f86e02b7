// Loaded before the server where group commit is compared with what it replaces: each request then has a transaction of
// its own. The product has no setting for that.
import { registerHooks } from 'node:module';

const LIMIT = 'const GROUP_MAX = 256;';

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/libs/database/group-commit.js')) return loaded;
    const source = String(loaded.source);
    if (!source.includes(LIMIT)) throw new Error(`${url} does not say \`${LIMIT}\` any more`);
    return { ...loaded, source: source.replace(LIMIT, 'const GROUP_MAX = 1;') };
  },
});
