import { type ReactNode, useState } from 'react';
import { choices, dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { CheckField, SelectField, TextField } from '../components/form.js';
import { StepUpForm } from '../components/step-up.js';
import { type Schemas, useChange } from '../queries.js';
import { type Role, roleOptions } from '../roles.js';
import { client } from '../server.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';
import { listOf } from '../text.js';

type Provider = Schemas['IdentityProvider'];
type Mapping = Pick<Schemas['RoleMapping'], 'group' | 'role'>;
type Values = Readonly<Record<string, string>>;

interface Changed<Body> {
  readonly body: Body;
  readonly header: StepUpHeader;
}

export interface CreateProviderProps {
  readonly onClose: () => void;
  readonly onCreated: (provider: Provider) => void;
}

export function CreateProvider({ onClose, onCreated }: CreateProviderProps) {
  const { tenantId } = useTenant();
  const create = useChange(
    ({ body, header }: Changed<Schemas['NewIdentityProvider']>) =>
      dataOf(
        client.POST('/v1/tenants/{tenantId}/identity-providers', { params: { path: { tenantId }, header }, body }),
      ),
    onCreated,
  );
  return (
    <ProviderDialog
      title="Add an identity provider"
      submit="Add"
      call={create}
      onClose={onClose}
      onSubmit={({ issuer = '', clientId = '' }, settings, header) =>
        create.mutate({ body: { ...settings, issuer, clientId }, header })
      }
    >
      <TextField label="Issuer" name="issuer" type="url" hint="As its discovery document names it" required />
      <TextField label="Client id" name="clientId" hint="Of Chancery at the provider" required />
    </ProviderDialog>
  );
}

interface ChangeProviderProps {
  readonly provider: Provider;
  readonly onClose: () => void;
}

export function ChangeProvider({ provider, onClose }: ChangeProviderProps) {
  const { tenantId } = useTenant();
  const change = useChange(
    ({ body, header }: Changed<Schemas['IdentityProviderChange']>) =>
      dataOf(
        client.PATCH('/v1/tenants/{tenantId}/identity-providers/{identityProviderId}', {
          params: {
            path: { tenantId, identityProviderId: provider.id },
            header: { ...header, 'If-Match': `"${provider.version}"` },
          },
          body,
        }),
      ),
    onClose,
  );
  return (
    <ProviderDialog
      title={`Change ${provider.name}`}
      submit="Save"
      provider={provider}
      call={change}
      onClose={onClose}
      onSubmit={({ enabled }, settings, header) =>
        change.mutate({ body: { ...settings, enabled: enabled !== undefined }, header })
      }
    >
      <p className="mb-3 text-sm text-soft">
        {provider.issuer}, client {provider.clientId}: both stay, as the people of another one are others.
      </p>
      <CheckField
        label="People can sign in by it"
        name="enabled"
        defaultChecked={provider.enabled}
        hint="Otherwise the sessions that began by it end, too"
      />
    </ProviderDialog>
  );
}

type ProviderSettings = Pick<
  Schemas['NewIdentityProvider'],
  'name' | 'clientSecret' | 'scopes' | 'groupsClaim' | 'roleMappings' | 'emailDomains' | 'trustsEmails'
>;

interface ProviderDialogProps {
  readonly title: string;
  readonly submit: string;
  readonly provider?: Provider;
  readonly call: { readonly isPending: boolean; readonly error: unknown };
  readonly onClose: () => void;
  readonly onSubmit: (values: Values, settings: ProviderSettings, header: StepUpHeader) => void;
  /** The fields that only one of the two forms has. */
  readonly children: ReactNode;
}

function ProviderDialog({ title, submit, provider, call, onClose, onSubmit, children }: ProviderDialogProps) {
  const [mappings, setMappings] = useState<readonly Mapping[]>(
    provider?.roleMappings.map(({ group, role }) => ({ group, role })) ?? [],
  );
  return (
    <Dialog title={title} onClose={onClose}>
      <StepUpForm
        secondFactorOnly
        submit={submit}
        call={call}
        onCancel={onClose}
        onSubmit={(values, header) => onSubmit(values, settingsOf(values, mappings), header)}
      >
        <TextField
          label="Name"
          name="name"
          defaultValue={provider?.name}
          maxLength={100}
          hint="What the button of the sign-in page shows"
          required
        />
        {children}
        <TextField
          label="Client secret"
          name="clientSecret"
          type="password"
          hint={provider?.hasClientSecret ? 'Empty: the present one stays' : 'Stored sealed; empty for a public client'}
        />
        <TextField
          label="Scopes"
          name="scopes"
          defaultValue={(provider?.scopes ?? ['openid', 'email', 'profile']).join(', ')}
          hint="Separated by commas; openid is one of them"
          required
        />
        <Mappings mappings={mappings} onChange={setMappings} />
        <TextField
          label="Claim that lists the groups"
          name="groupsClaim"
          defaultValue={provider?.groupsClaim ?? 'groups'}
          required
        />
        <TextField
          label="Domains of e-mail addresses"
          name="emailDomains"
          defaultValue={provider?.emailDomains.join(', ')}
          hint="Separated by commas; empty: every domain"
        />
        <CheckField
          label="Its addresses count as verified"
          name="trustsEmails"
          defaultChecked={provider?.trustsEmails}
          hint="Only where the provider does not state email_verified, and gives no person the address of another"
        />
      </StepUpForm>
    </Dialog>
  );
}

function settingsOf(values: Values, mappings: readonly Mapping[]): ProviderSettings {
  const { name = '', clientSecret, scopes, groupsClaim, emailDomains, trustsEmails } = values;
  return {
    name,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    scopes: listOf(scopes),
    ...(groupsClaim === undefined ? {} : { groupsClaim }),
    roleMappings: mappings.filter(({ group }) => group !== ''),
    emailDomains: listOf(emailDomains),
    trustsEmails: trustsEmails !== undefined,
  };
}

interface MappingsProps {
  readonly mappings: readonly Mapping[];
  readonly onChange: (mappings: readonly Mapping[]) => void;
}

/** Which groups of the provider become members, with which role. */
function Mappings({ mappings, onChange }: MappingsProps) {
  const replace = (at: number, mapping: Mapping) => onChange(mappings.with(at, mapping));
  return (
    <fieldset className="mb-3 rounded-md border border-line p-3">
      <legend className="px-1 text-sm font-medium text-strong">Groups and roles</legend>
      <p className="mb-3 text-xs text-soft">
        {mappings.length === 0
          ? 'Without any, who was invited signs in by it.'
          : 'At each sign-in the role follows the groups, and who is in none of them is removed. * is everybody whom the provider knows.'}
      </p>
      {/* A row has no identity beyond its place. */}
      {[...mappings.entries()].map(([at, mapping]) => (
        <div key={at} className="flex flex-wrap items-end gap-2">
          <TextField
            label={`Group ${at + 1}`}
            value={mapping.group}
            onChange={({ target }) => replace(at, { ...mapping, group: target.value })}
          />
          <SelectField
            label={`Role of group ${at + 1}`}
            value={mapping.role}
            options={roleOptions(choices.RoleMapping.role)}
            onChange={({ target }) => replace(at, { ...mapping, role: target.value as Role })}
          />
          <div className="mb-3">
            <Button
              aria-label={`Remove group ${at + 1}`}
              onClick={() => onChange(mappings.filter((_, place) => place !== at))}
            >
              Remove
            </Button>
          </div>
        </div>
      ))}
      <Button onClick={() => onChange([...mappings, { group: '', role: 'limited_access' }])}>Add a group</Button>
    </fieldset>
  );
}
