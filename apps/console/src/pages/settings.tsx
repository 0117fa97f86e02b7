import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Dialog } from '../components/dialog.js';
import { CheckField, Form, SelectField, TextField } from '../components/form.js';
import { Notice } from '../components/outside.js';
import { Card, Loaded, Page } from '../components/page.js';
import { StepUpForm } from '../components/step-up.js';
import { type Schemas, optionsOf, tenantQuery, useChange } from '../queries.js';
import { client } from '../server.js';
import { type Setting, changedSettings, erasesEarlier, settingLabel, settingText, settings } from '../settings.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';
import { DangerZone } from './danger-zone.js';

/** What follows from a setting beyond its description, for who is about to change it. */
const WARNINGS: Readonly<Record<string, string>> = {
  requireSecondFactor: 'Members without one, and their API tokens, can do nothing here until they enrol one.',
  historyRetentionDays:
    'Erased events can no longer be found, exported or restored, and earlier states cannot be rebuilt. Owners are notified, and you can change the setting back for 30 days.',
  historyHold: 'Ending it requires a step-up, and nothing is erased for 30 days after that.',
  passwordSignIn:
    'Keep `owners` until an identity provider has proved to work. If it fails later, the operator of the host can run `chancery admin allow-passwords`.',
};

export function SettingsPage() {
  const { tenantId } = useTenant();
  const [saved, setSaved] = useState(false);
  return (
    <Page title="Settings" introduction="The settings of the tenant.">
      <Loaded query={useQuery(tenantQuery(tenantId))}>
        {(tenant) => (
          <>
            {saved && <Notice>The settings are saved.</Notice>}
            <TenantSettings key={tenant.version} tenant={tenant} onSaved={() => setSaved(true)} />
            <DangerZone tenant={tenant} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface TenantSettingsProps {
  readonly tenant: Schemas['Tenant'];
  readonly onSaved: () => void;
}

function TenantSettings({ tenant, onSaved }: TenantSettingsProps) {
  const { tenantId, reason } = useTenant();
  const queries = useQueryClient();
  /** What waits for a proof, because it erases earlier. */
  const [asked, setAsked] = useState<Schemas['TenantChange']>();
  const change = useChange(
    ({ body, header = {} }: { readonly body: Schemas['TenantChange']; readonly header?: StepUpHeader }) =>
      dataOf(
        client.PATCH('/v1/tenants/{tenantId}', {
          params: { path: { tenantId }, header: { 'If-Match': `"${tenant.version}"`, ...header } },
          body,
        }),
      ),
    (answer) => {
      // The form begins again with what is saved: not a moment later, when the next change is being typed.
      queries.setQueryData(tenantQuery(tenantId).queryKey, answer);
      onSaved();
    },
  );
  const present = tenant.settings as Readonly<Record<string, unknown>>;
  return (
    <Card title="Rules of the tenant">
      <Form
        submit="Save the settings"
        call={change}
        reason={reason('tenant:write')}
        onSubmit={({ name = '', ...values }) => {
          const changed = changedSettings(present, values);
          const body = { name, settings: changed as Record<string, never> };
          if (erasesEarlier(present, changed)) setAsked(body);
          else change.mutate({ body });
        }}
      >
        <TextField label="Name of the tenant" name="name" defaultValue={tenant.name} maxLength={200} required />
        <div className="grid items-start gap-x-6 md:grid-cols-2">
          {settings.map((setting) => (
            <SettingField key={setting.name} setting={setting} value={present[setting.name]} />
          ))}
        </div>
      </Form>
      {asked && (
        <Dialog title="Erase something of the history earlier?" onClose={() => setAsked(undefined)}>
          <StepUpForm
            danger
            submit="Yes, Save"
            call={change}
            reason={reason('history:erase')}
            onCancel={() => setAsked(undefined)}
            onSubmit={(_, header) => change.mutate({ body: asked, header })}
          >
            <p className="mb-3">
              E-mail addresses, names and source addresses older than the new period are permanently erased from the
              history, and, after 30 days, events older than the new period.
            </p>
          </StepUpForm>
        </Dialog>
      )}
    </Card>
  );
}

interface SettingFieldProps {
  readonly setting: Setting;
  readonly value: unknown;
}

function SettingField({ setting, value }: SettingFieldProps) {
  const { name, description } = setting;
  const common = {
    label: settingLabel(name),
    name,
    hint: [`${description}. By default: ${settingText(setting.default) || 'none'}.`, WARNINGS[name]].join(' '),
  };
  switch (setting.kind) {
    case 'number':
      return (
        <TextField
          {...common}
          type="number"
          min={setting.min}
          max={setting.max}
          defaultValue={settingText(value)}
          required
        />
      );
    case 'choice':
      return <SelectField {...common} options={optionsOf(setting.values)} defaultValue={settingText(value)} />;
    case 'flag':
      return <CheckField {...common} defaultChecked={value === true} />;
    case 'list':
      return <TextField {...common} defaultValue={settingText(value)} />;
  }
}
