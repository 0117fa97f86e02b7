import { queryOptions, useQuery } from '@tanstack/react-query';
import { dataOf } from '#sdk';

import { Form, TextField } from '../components/form.js';
import { Card, Loaded, Page } from '../components/page.js';
import { type Schemas, useChange } from '../queries.js';
import { client } from '../server.js';
import { changedSettings } from '../settings.js';
import { useTenant } from '../tenant.js';

const tenantQuery = (tenantId: string) =>
  queryOptions({
    queryKey: [tenantId, 'tenant'],
    queryFn: () => dataOf(client.GET('/v1/tenants/{tenantId}', { params: { path: { tenantId } } })),
  });

export function SettingsPage() {
  const { tenantId } = useTenant();
  return (
    <Page title="Settings" introduction="The rules that hold in the tenant.">
      <Loaded query={useQuery(tenantQuery(tenantId))}>
        {(tenant) => <TenantSettings key={tenant.version} tenant={tenant} />}
      </Loaded>
    </Page>
  );
}

function TenantSettings({ tenant }: { readonly tenant: Schemas['Tenant'] }) {
  const { tenantId, reason } = useTenant();
  const change = useChange((body: Schemas['TenantChange']) =>
    dataOf(client.PATCH('/v1/tenants/{tenantId}', { params: { path: { tenantId } }, body })),
  );
  const settings = tenant.settings as Readonly<Record<string, unknown>>;
  return (
    <Card title="Rules of the tenant">
      <Form
        submit="Save the settings"
        call={change}
        reason={reason('tenant:write')}
        onSubmit={({ name = '', ...values }) =>
          change.mutate({ name, settings: changedSettings(settings, values) as Record<string, never> })
        }
      >
        <TextField label="Name of the tenant" name="name" defaultValue={tenant.name} required />
        <div className="grid gap-x-4 sm:grid-cols-2">
          {Object.entries(settings).map(([name, value]) => (
            <TextField
              key={name}
              label={name}
              name={name}
              defaultValue={Array.isArray(value) ? value.join(', ') : String(value)}
              type={typeof value === 'number' ? 'number' : 'text'}
            />
          ))}
        </div>
      </Form>
    </Card>
  );
}
