// Loaded before the server, for the negative control: it reads the number of each tenant's configuration as 1, always, so
// that nothing that it keeps in memory is ever outdated.
import { registerHooks } from 'node:module';

const READ = "view.holdNumbers(Tenant, tenantIds, 'configVersion')";

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/libs/tenants/tenants.service.js')) return loaded;
    const source = String(loaded.source);
    if (!source.includes(READ)) throw new Error(`${url} does not say \`${READ}\` any more`);
    return { ...loaded, source: source.replace(READ, 'Promise.resolve(new Map(tenantIds.map((id) => [id, 1])))') };
  },
});
