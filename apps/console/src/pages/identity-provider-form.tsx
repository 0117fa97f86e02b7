import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { choices } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { CheckField, SelectField, TextField } from '../components/form.js';
import { More } from '../components/more.js';
import { StepUpForm } from '../components/step-up.js';
import type { ProviderSource } from '../identity-provider-source.js';
import { type Schemas, itemsOf, tenantsQuery, useChange } from '../queries.js';
import { type Role, roleOptions } from '../roles.js';
import type { StepUpHeader } from '../step-up.js';
import { listOf } from '../text.js';

type Provider = Schemas['IdentityProvider'];
type Mapping = Schemas['RoleMapping'];
type Values = Readonly<Record<string, string>>;

interface Changed<Body> {
  readonly body: Body;
  readonly header: StepUpHeader;
}

interface CreateProviderProps {
  readonly source: ProviderSource;
  readonly onClose: () => void;
  readonly onCreated: (provider: Provider) => void;
}

export function CreateProvider({ source, onClose, onCreated }: CreateProviderProps) {
  const create = useChange(
    ({ body, header }: Changed<Schemas['NewIdentityProvider']>) => source.create(body, header),
    onCreated,
  );
  return (
    <ProviderDialog
      source={source}
      title="Add an identity provider"
      submit="Add"
      call={create}
      onClose={onClose}
      onSubmit={({ issuer = '', clientId = '' }, settings, header) =>
        create.mutate({ body: { ...settings, issuer, clientId }, header })
      }
    >
      <TextField label="Issuer" name="issuer" type="url" hint="As in its discovery document" required />
      <TextField label="Client id" name="clientId" hint="Client id of Chancery at the provider" required />
    </ProviderDialog>
  );
}

interface ChangeProviderProps {
  readonly source: ProviderSource;
  readonly provider: Provider;
  readonly onClose: () => void;
}

export function ChangeProvider({ source, provider, onClose }: ChangeProviderProps) {
  const change = useChange(
    ({ body, header }: Changed<Schemas['IdentityProviderChange']>) => source.change(provider, body, header),
    onClose,
  );
  return (
    <ProviderDialog
      source={source}
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
        label="People can sign in through it"
        name="enabled"
        defaultChecked={provider.enabled}
        hint="Otherwise the sessions that it started end, too"
      />
    </ProviderDialog>
  );
}

type ProviderSettings = Pick<
  Schemas['NewIdentityProvider'],
  'name' | 'clientSecret' | 'scopes' | 'groupsClaim' | 'roleMappings' | 'emailDomains' | 'trustsEmails'
>;

interface ProviderDialogProps {
  readonly source: ProviderSource;
  readonly title: string;
  readonly submit: string;
  readonly provider?: Provider;
  readonly call: { readonly isPending: boolean; readonly error: unknown };
  readonly onClose: () => void;
  readonly onSubmit: (values: Values, settings: ProviderSettings, header: StepUpHeader) => void;
  /** The fields that only one of the two forms has. */
  readonly children: ReactNode;
}

function ProviderDialog({ source, title, submit, provider, call, onClose, onSubmit, children }: ProviderDialogProps) {
  const [mappings, setMappings] = useState<readonly Mapping[]>(provider?.roleMappings ?? []);
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
          hint="Label of the button on the sign-in page"
          required
        />
        {children}
        <TextField
          label="Client secret"
          name="clientSecret"
          type="password"
          hint={provider?.hasClientSecret ? 'Empty: keep the current one' : 'Stored sealed; empty for a public client'}
        />
        <TextField
          label="Scopes"
          name="scopes"
          defaultValue={(provider?.scopes ?? ['openid', 'email', 'profile']).join(', ')}
          hint="Separated by commas; must include openid"
          required
        />
        <Mappings mappings={mappings} ofInstallation={source.ofInstallation} onChange={setMappings} />
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
          hint={source.ofInstallation ? 'Separated by commas' : 'Separated by commas; empty: every domain'}
          required={source.ofInstallation}
        />
        <CheckField
          label="Its addresses count as verified"
          name="trustsEmails"
          defaultChecked={provider?.trustsEmails}
          hint="Only if the provider does not send email_verified and never assigns the address of another person"
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
  /** Whether each group names the tenant whose members it makes. */
  readonly ofInstallation: boolean;
  readonly onChange: (mappings: readonly Mapping[]) => void;
}

/** Which groups of the provider become members, with which role. */
function Mappings({ mappings, ofInstallation, onChange }: MappingsProps) {
  const replace = (at: number, mapping: Mapping) => onChange(mappings.with(at, mapping));
  return (
    <fieldset className="mb-3 rounded-md border border-line p-3">
      <legend className="px-1 text-sm font-medium text-strong">Groups and roles</legend>
      <p className="mb-3 text-xs text-soft">
        {mappings.length === 0
          ? 'Without a mapping, only invited people can sign in through it.'
          : 'Each sign-in sets the role from the groups and removes people who are in none of them. * means everyone at the provider.'}
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
          {ofInstallation && (
            <TenantOfGroup
              label={`Tenant of group ${at + 1}`}
              tenantId={mapping.tenantId}
              onChange={(tenantId) => replace(at, { ...mapping, tenantId })}
            />
          )}
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

interface TenantOfGroupProps {
  readonly label: string;
  readonly tenantId: string | undefined;
  readonly onChange: (tenantId: string) => void;
}

/** Of which tenant the group makes members. */
function TenantOfGroup({ label, tenantId = '', onChange }: TenantOfGroupProps) {
  const list = useInfiniteQuery(tenantsQuery);
  const tenants = (itemsOf(list).data ?? []).filter(({ id, state }) => state !== 'deleted' || id === tenantId);
  const options = tenants.map(({ id, slug }) => ({ value: id, label: slug }));
  const isListed = tenants.some(({ id }) => id === tenantId);
  return (
    <>
      <SelectField
        label={label}
        value={tenantId}
        onChange={({ target }) => onChange(target.value)}
        required
        options={isListed ? options : [{ value: tenantId, label: tenantId || 'Choose …' }, ...options]}
      />
      <More list={list} />
    </>
  );
}
