import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { choices, dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, SelectField, TextArea, TextField } from '../components/form.js';
import { Card, Loaded, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { profileForm, profileOf } from '../profile-form.js';
import { itemsOf, keysQuery, optionsOf, profilesQuery, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

export function TokenProfilesPage() {
  const { tenantId, slug: tenant, reason } = useTenant();
  const [creating, setCreating] = useState(false);
  const list = useInfiniteQuery(profilesQuery(tenantId));
  return (
    <Page
      title="Token profiles"
      introduction="Token profiles set the format, key, issuer and lifetime of tokens."
      actions={
        <Button look="main" reason={reason('token-profiles:write')} onClick={() => setCreating(true)}>
          Create token profile
        </Button>
      }
    >
      <Card>
        <PagedTable
          list={list}
          empty="There is no token profile yet. Create one for the tokens that a partner expects."
          label="Token profiles"
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Name',
              cell: ({ name }) => (
                <Link to="/t/$tenant/token-profiles/$profile" params={{ tenant, profile: name }}>
                  {name}
                </Link>
              ),
            },
            { name: 'Format', cell: ({ format }) => format },
            { name: 'Issuer', cell: ({ issuer }) => issuer ?? 'by default' },
            { name: 'Audience', cell: ({ audience }) => audience.join(', ') },
            { name: 'Valid for', cell: ({ ttlSeconds }) => `${ttlSeconds} s` },
          ]}
        />
      </Card>
      {creating && <CreateProfile onClose={() => setCreating(false)} />}
    </Page>
  );
}

function CreateProfile({ onClose }: { readonly onClose: () => void }) {
  const { tenantId } = useTenant();
  const [format, setFormat] = useState<string>('jwt');
  const keys = itemsOf(useInfiniteQuery(keysQuery(tenantId)));
  const create = useChange(
    async (values: Readonly<Record<string, string>>) =>
      dataOf(
        client.POST('/v1/tenants/{tenantId}/token-profiles', {
          params: { path: { tenantId } },
          body: profileOf(values),
        }),
      ),
    onClose,
  );
  const asked = profileForm(format);
  return (
    <Dialog title="Create a token profile" onClose={onClose}>
      <Loaded query={keys}>
        {(items) => (
          <Form submit="Create" call={create} onCancel={onClose} onSubmit={create.mutate}>
            <TextField
              label="Name"
              name="name"
              hint="Used by services: lower-case letters, digits, dots and hyphens"
              required
            />
            <SelectField
              label="Format"
              name="format"
              value={format}
              onChange={({ target }) => setFormat(target.value)}
              options={optionsOf(choices.TokenProfileRequest.format)}
            />
            <SelectField
              label="Key that signs"
              name="keyId"
              options={[
                ...items
                  .filter(({ state }) => state === 'active')
                  .map(({ id, name, algorithm }) => ({ value: id, label: `${name} (${algorithm})` })),
                ...(asked.certificates ? [{ value: '', label: 'none: only verify' }] : []),
              ]}
            />
            {asked.certificates && <TextField label="Certificate that names the key (kid)" name="certificateKid" />}
            {asked.issuer !== 'unused' && (
              <TextField
                label="Issuer"
                name="issuer"
                required={asked.issuer === 'required'}
                hint={
                  asked.issuer === 'required' ? 'Your identifier at the vendor' : 'Empty: the default of the format'
                }
              />
            )}
            {asked.isOpen && (
              <>
                <TextField label="Audience" name="audience" hint="Separated by commas; empty: the caller chooses" />
                <TextField label="Valid for (seconds)" name="ttlSeconds" type="number" min={1} />
                <TextField
                  label="Maximum that the caller may request (seconds)"
                  name="maxTtlSeconds"
                  type="number"
                  min={1}
                />
                <TextField
                  label="Claims that a caller may set"
                  name="allowedClaims"
                  hint="Separated by commas; * for all"
                />
              </>
            )}
            <TextArea label="Settings of the format (JSON)" name="settings" rows={2} />
          </Form>
        )}
      </Loaded>
    </Dialog>
  );
}
