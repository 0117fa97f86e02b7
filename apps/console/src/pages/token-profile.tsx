import { queryOptions, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { CheckField, Form, TextArea } from '../components/form.js';
import { Card, Facts, Loaded, Page } from '../components/page.js';
import { CopyButton } from '../components/secret.js';
import { StepUpForm } from '../components/step-up.js';
import { decodeToken } from '../jwt.js';
import { profileForm } from '../profile-form.js';
import { type Schemas, useChange } from '../queries.js';
import { client } from '../server.js';
import { asService } from '../service-client.js';
import type { StepUpHeader } from '../step-up.js';
import { useTenant } from '../tenant.js';
import { ServiceField } from './service-field.js';

const route = getRouteApi('/signed-in/t/$tenant/token-profiles/$profile');

const profileQuery = (tenantId: string, name: string) =>
  queryOptions({
    queryKey: [tenantId, 'token-profiles', name],
    queryFn: () =>
      dataOf(client.GET('/v1/tenants/{tenantId}/token-profiles/{name}', { params: { path: { tenantId, name } } })),
  });

export function TokenProfilePage() {
  const { profile: name } = route.useParams();
  const { tenantId } = useTenant();
  const profile = useQuery(profileQuery(tenantId, name));
  return (
    <Loaded title={name} query={profile}>
      {(data) => <ProfileDetails profile={data} />}
    </Loaded>
  );
}

interface ProfileProps {
  readonly profile: Schemas['TokenProfileAnswer'];
}

function ProfileDetails({ profile }: ProfileProps) {
  const { reason } = useTenant();
  const [deleting, setDeleting] = useState(false);
  const { name, format, issuer, audience, ttlSeconds, maxTtlSeconds, allowedClaims, fixedClaims, settings } = profile;
  return (
    <Page
      title={name}
      actions={
        <Button reason={reason('token-profiles:write')} onClick={() => setDeleting(true)}>
          Delete token profile
        </Button>
      }
    >
      <Card>
        <Facts
          facts={[
            { name: 'Format', value: format },
            { name: 'Issuer', value: issuer ?? 'the default of the format' },
            { name: 'Audience', value: audience.join(', ') || 'chosen by the caller' },
            { name: 'Valid for', value: `${ttlSeconds} s, at most ${maxTtlSeconds} s` },
            { name: 'Claims that a caller may set', value: allowedClaims.join(', ') || 'none' },
            { name: 'Fixed claims', value: <code>{JSON.stringify(fixedClaims)}</code> },
            { name: 'Settings', value: <code>{JSON.stringify(settings)}</code> },
          ]}
        />
      </Card>
      <TryIt profile={profile} />
      {deleting && <DeleteProfile profile={profile} onClose={() => setDeleting(false)} />}
    </Page>
  );
}

function TryIt({ profile: { name, format } }: ProfileProps) {
  const { tenantId, slug, reason } = useTenant();
  const [issued, setIssued] = useState<Schemas['IssuedTokenAnswer']>();
  const sign = useChange(async ({ serviceId = '', input = '{}' }: Readonly<Record<string, string>>) => {
    const service = await asService(tenantId, serviceId);
    const body = JSON.parse(input) as { subject?: string };
    return dataOf(service.POST('/v1/sign/{profile}', { params: { path: { profile: name } }, body }));
  }, setIssued);
  const decoded = issued === undefined ? undefined : decodeToken(issued.token);
  return (
    <Card title="Try it">
      <p className="mb-3 text-soft">
        Issues a token like a service would. This reveals the service key, which the history records.
      </p>
      <Form submit="Issue a token" call={sign} reason={reason('credentials:reveal')} onSubmit={sign.mutate}>
        <ServiceField profile={name} />
        <TextArea
          label="Input (JSON)"
          name="input"
          rows={4}
          defaultValue={JSON.stringify(profileForm(format).input, null, 2)}
        />
      </Form>
      {issued !== undefined && (
        <section aria-label="Issued token" className="mt-4 rounded-md border border-line bg-page p-3">
          <div className="mb-3 flex flex-wrap items-center gap-2">
            <code className="min-w-0">{issued.token}</code>
            <CopyButton text={issued.token} what="token" />
          </div>
          {decoded !== undefined && (
            <pre tabIndex={0} className="overflow-x-auto">
              {JSON.stringify(decoded, null, 2)}
            </pre>
          )}
          <p className="mt-3">
            Others verify it with <a href={`/v1/tenants/${slug}/.well-known/jwks.json`}>the JWKS of the tenant</a>.
          </p>
        </section>
      )}
    </Card>
  );
}

function DeleteProfile({ profile, onClose }: ProfileProps & { readonly onClose: () => void }) {
  const { tenantId, slug } = useTenant();
  const navigate = useNavigate();
  const path = { tenantId, name: profile.name };
  const call = (body: { force?: boolean }, dryRun: boolean, header: StepUpHeader = {}) =>
    dataOf(
      client.DELETE('/v1/tenants/{tenantId}/token-profiles/{name}', {
        params: { path, query: { dryRun }, header },
        body,
      }),
    );
  const foreseen = useQuery({
    queryKey: [tenantId, 'token-profiles', profile.name, 'delete', profile.revision],
    queryFn: async () => (await call({}, true)) as Schemas['TokenProfileDeletionDryRun'],
  });
  const remove = useChange(
    ({ force, header }: { readonly force: boolean; readonly header: StepUpHeader }) => call({ force }, false, header),
    () => void navigate({ to: '/t/$tenant/token-profiles', params: { tenant: slug } }),
  );
  return (
    <Dialog title={`Delete ${profile.name}?`} onClose={onClose}>
      <Loaded query={foreseen}>
        {({ allowed, code }) => (
          <StepUpForm
            needed={!allowed}
            submit="Yes, Delete"
            danger
            call={remove}
            onCancel={onClose}
            onSubmit={(values, header) => remove.mutate({ force: 'force' in values, header })}
          >
            <p className="mb-3">
              {allowed ? (
                'No service may use it.'
              ) : (
                <>
                  Services were granted it (<code>{code}</code>): their requests would fail.
                </>
              )}
            </p>
            {!allowed && <CheckField label="Proceed although other resources depend on it" name="force" />}
          </StepUpForm>
        )}
      </Loaded>
    </Dialog>
  );
}
