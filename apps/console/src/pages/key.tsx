import { queryOptions, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { saveFile } from '../download.js';
import { CheckField, Refusal, TextField } from '../components/form.js';
import { Card, Facts, Loaded, Page } from '../components/page.js';
import { StepUpForm } from '../components/step-up.js';
import { ExactTime, Time } from '../components/time.js';
import { type KeyChange, changeKey, foreseeKeyChange } from '../keys.js';
import { type Schemas, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { enumeration } from '../text.js';

const route = getRouteApi('/signed-in/t/$tenant/keys/$keyId');

const keyQuery = (tenantId: string, keyId: string) =>
  queryOptions({
    queryKey: [tenantId, 'keys', keyId],
    queryFn: () => dataOf(client.GET('/v1/tenants/{tenantId}/keys/{keyId}', { params: { path: { tenantId, keyId } } })),
  });

export function KeyPage() {
  const { keyId } = route.useParams();
  const { tenantId } = useTenant();
  return (
    <Loaded title="Key" query={useQuery(keyQuery(tenantId, keyId))}>
      {(key) => <KeyDetails record={key} />}
    </Loaded>
  );
}

function KeyDetails({ record: key }: { readonly record: Schemas['KeyDetails'] }) {
  const { tenantId, reason } = useTenant();
  const [change, setChange] = useState<KeyChange>();
  const restore = useChange(() =>
    dataOf(
      client.POST('/v1/tenants/{tenantId}/keys/{keyId}/restore', { params: { path: { tenantId, keyId: key.id } } }),
    ),
  );
  const ask = (asked: KeyChange) => () => setChange(asked);
  return (
    <Page
      title={key.name}
      actions={
        key.state === 'deleted' ? (
          <Button look="main" reason={reason('keys:write')} onClick={() => restore.mutate(undefined)}>
            Restore
          </Button>
        ) : (
          <>
            <Button look="main" reason={reason('keys:write')} onClick={ask({ kind: 'rotate' })}>
              Rotate
            </Button>
            <Button reason={reason('keys:write')} onClick={ask({ kind: 'delete' })}>
              Delete key
            </Button>
          </>
        )
      }
    >
      <Refusal error={restore.error} />
      <Card>
        <Facts
          facts={[
            { name: 'State', value: <Badge state={key.state} /> },
            { name: 'Algorithm', value: `${key.algorithm} ${key.modulusBits ?? ''}` },
            { name: 'Origin', value: key.origin },
            { name: 'Private key', value: placeOf(key) },
            { name: 'Next rotation', value: <Time at={key.nextRotationAt} never="by hand" /> },
            ...(key.destroysAt === null
              ? []
              : [{ name: 'Can be restored until', value: <ExactTime at={key.destroysAt} /> }]),
          ]}
        />
      </Card>
      <Card title="Versions">
        <ol className="border-l-2 border-line pl-4">
          {key.versions.map((version) => (
            <VersionItem key={version.kid} owner={key} version={version} onChange={setChange} />
          ))}
        </ol>
      </Card>
      {change !== undefined && <ChangeDialog owner={key} change={change} onClose={() => setChange(undefined)} />}
    </Page>
  );
}

interface VersionItemProps {
  readonly owner: Schemas['KeyDetails'];
  readonly version: Schemas['KeyVersion'];
  readonly onChange: (change: KeyChange) => void;
}

const LIVE = ['pending', 'active', 'retired'];

/** One version on the time line of its key, newest first. */
function VersionItem({ owner, version, onChange }: VersionItemProps) {
  const { tenantId, reason } = useTenant();
  const { kid, number, state } = version;
  const download = useChange(
    async (format: 'jwk' | 'pem') => {
      const params = { path: { tenantId, keyId: owner.id, kid }, query: { format } };
      const path = '/v1/tenants/{tenantId}/keys/{keyId}/versions/{kid}/public';
      return { format, text: String(await dataOf(client.GET(path, { params, parseAs: 'text' }))) };
    },
    ({ format, text }) => saveFile(`${kid}.${format === 'jwk' ? 'json' : 'pem'}`, text),
  );
  const isLive = LIVE.includes(state);
  const steps = [
    ['Created', version.createdAt],
    ['Signs from', version.activatedAt ?? version.activatesAt],
    ['Stopped signing', version.retiredAt ?? version.retiresAt],
    ['Last token expires', version.lastTokenExpiresAt],
    ['Compromised', version.compromisedAt],
    ['Destroyed', version.destroyedAt],
  ] as const;
  return (
    <li className="relative pb-5 before:absolute before:top-2 before:-left-[23px] before:size-3 before:rounded-full before:bg-accent">
      <div className="flex flex-wrap items-center gap-2">
        <span className="font-medium text-strong">Version {number}</span>
        <Badge state={state} />
        <code>{kid}</code>
      </div>
      <div className="my-2">
        <Facts facts={steps.flatMap(([name, at]) => (at === null ? [] : [{ name, value: <ExactTime at={at} /> }]))} />
      </div>
      <div className="flex flex-wrap gap-2">
        {version.publicJwk !== null && (
          <>
            <Button onClick={() => download.mutate('jwk')}>Public JWK</Button>
            <Button onClick={() => download.mutate('pem')}>Public PEM</Button>
          </>
        )}
        {isLive && state !== 'retired' && (
          <Button reason={reason('keys:write')} onClick={() => onChange({ kind: 'retire', kid })}>
            Retire
          </Button>
        )}
        {isLive && (
          <Button reason={reason('keys:write')} onClick={() => onChange({ kind: 'compromise', kid })}>
            It was leaked
          </Button>
        )}
      </div>
      <Refusal error={download.error} />
    </li>
  );
}

const TITLES = {
  rotate: 'Rotate this key?',
  retire: 'Retire this version?',
  compromise: 'Was it leaked?',
  delete: 'Delete this key?',
} as const;

const CONSEQUENCES = {
  rotate: 'A new version is published now and signs once JWKS caches contain it. The current version still verifies.',
  retire: 'It stops signing. What it signed can be verified until it expires.',
  compromise: 'It is removed from the JWKS immediately: nothing that it signed can be verified.',
  delete: 'It stops signing. You can restore it for some days; then its private key is destroyed.',
} as const;

interface ChangeDialogProps {
  readonly owner: Schemas['KeyDetails'];
  readonly change: KeyChange;
  readonly onClose: () => void;
}

/** What depends on the key, and then the step itself: where something does, with the password and on purpose. */
function ChangeDialog({ owner, change, onClose }: ChangeDialogProps) {
  const { tenantId } = useTenant();
  const foreseen = useQuery({
    queryKey: [tenantId, 'keys', owner.id, owner.version, change],
    queryFn: () => foreseeKeyChange(tenantId, owner.id, change),
  });
  const apply = useChange(
    (given: Parameters<typeof changeKey>[3]) => changeKey(tenantId, owner.id, change, given),
    onClose,
  );
  return (
    <Dialog title={TITLES[change.kind]} onClose={onClose}>
      <p className="mb-3">{CONSEQUENCES[change.kind]}</p>
      <Loaded query={foreseen}>
        {({ impact, allowed, code }) => (
          <>
            <Facts
              facts={[
                { name: 'Token profiles that sign with it', value: enumeration(impact.profiles) || 'none' },
                { name: 'Services that use them', value: enumeration(impact.services) || 'none' },
                { name: 'Last token expires', value: <Time at={impact.lastTokenExpiresAt} never="none" /> },
                ...(impact.certificates === undefined
                  ? []
                  : [{ name: 'Certificates that are revoked', value: enumeration(impact.certificates) || 'none' }]),
              ]}
            />
            {!allowed && (
              <p className="mt-3 text-warning">
                Refused as it is (<code>{code}</code>): something depends on it.
              </p>
            )}
            <div className="mt-3">
              <StepUpForm
                needed={change.kind === 'delete' || (change.kind !== 'compromise' && !impact.safeNow)}
                submit={`Yes, ${change.kind}`}
                danger={change.kind !== 'rotate'}
                call={apply}
                onCancel={onClose}
                onSubmit={(values, header) => apply.mutate({ values, header })}
              >
                {change.kind === 'rotate' && (
                  <CheckField
                    label="Sign with the new version immediately, without waiting for caches"
                    name="immediately"
                  />
                )}
                {change.kind === 'compromise' && (
                  <TextField label="Where it was found (optional)" name="reason" maxLength={500} />
                )}
                {change.kind !== 'compromise' && !impact.safeNow && (
                  <CheckField label="Proceed although other resources depend on it" name="force" />
                )}
              </StepUpForm>
            </div>
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

/** Where the private key is. */
function placeOf({ keyStore, exportable }: Schemas['KeyDetails']): string {
  if (keyStore !== null) return `never leaves the key store ${keyStore}`;
  return exportable ? 'can be exported' : 'never leaves the server';
}
