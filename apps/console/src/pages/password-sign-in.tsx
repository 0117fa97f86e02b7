import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf, tenantSettings } from '#sdk';

import { Form, SelectField } from '../components/form.js';
import { Notice } from '../components/outside.js';
import { Card, Loaded } from '../components/page.js';
import { type Schemas, tenantQuery, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const WHO: Readonly<Record<string, string>> = {
  all: 'Every member',
  owners: 'Owners only; the others use an identity provider',
  none: 'No member: all use an identity provider',
};

/** Which members may work by a session that began with a password. */
export function PasswordSignIn() {
  const { tenantId } = useTenant();
  const [saved, setSaved] = useState(false);
  return (
    <Card title="Sign-in with passwords">
      {saved && <Notice>The rule is saved.</Notice>}
      <Loaded query={useQuery(tenantQuery(tenantId))}>
        {(tenant) => <PasswordRule key={tenant.version} tenant={tenant} onSaved={() => setSaved(true)} />}
      </Loaded>
    </Card>
  );
}

interface PasswordRuleProps {
  readonly tenant: Schemas['Tenant'];
  readonly onSaved: () => void;
}

function PasswordRule({ tenant, onSaved }: PasswordRuleProps) {
  const { tenantId, reason } = useTenant();
  const queries = useQueryClient();
  const present = String(tenant.settings['passwordSignIn']);
  const [chosen, setChosen] = useState(present);
  const change = useChange(
    (passwordSignIn: string) =>
      dataOf(
        client.PATCH('/v1/tenants/{tenantId}', {
          params: { path: { tenantId }, header: { 'If-Match': `"${tenant.version}"` } },
          body: { settings: { passwordSignIn } },
        }),
      ),
    (answer) => {
      // The form begins again with what is saved: not a moment later, when the next change is being typed.
      queries.setQueryData(tenantQuery(tenantId).queryKey, answer);
      onSaved();
    },
  );
  return (
    <Form
      submit="Save the sign-in"
      call={change}
      reason={reason('tenant:write')}
      onSubmit={() => change.mutate(chosen)}
    >
      <SelectField
        label="Who may sign in with a password"
        value={chosen}
        onChange={({ target }) => setChosen(target.value)}
        options={tenantSettings.passwordSignIn.values.map((value) => ({ value, label: WHO[value] ?? value }))}
      />
      {chosen !== 'all' && (
        <p className="mb-3 text-warning">
          Sessions that began with a password then do nothing here
          {chosen === 'none' && ', and you can select it only in a session that began at an identity provider'}. Where
          the provider fails later, the operator of the host opens the sign-in again:{' '}
          <code>npm run chancery -- admin allow-passwords --tenant {tenant.slug}</code>
        </p>
      )}
    </Form>
  );
}
