// Loaded before the server, for the negative control: events of a change are recorded after it is committed and answered, by a
// transaction of their own.
import { registerHooks } from 'node:module';

const IN_THE_TRANSACTION = 'await this.recorder(tx, [{ scope: tx.scope, events }]);';
const MILLISECONDS_LATER = 50;
const LATER = `this.#open.exit(() => setTimeout(
  () => this.attempting(scope, tenantId, rows, (again) => this.recorder(again(scope), [{ scope: tx.scope, events }])),
  ${MILLISECONDS_LATER},
));`;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/libs/database/database.js')) return loaded;
    const source = String(loaded.source);
    if (!source.includes(IN_THE_TRANSACTION)) throw new Error(`${url} does not say \`${IN_THE_TRANSACTION}\` any more`);
    return { ...loaded, source: source.replace(IN_THE_TRANSACTION, LATER) };
  },
});
