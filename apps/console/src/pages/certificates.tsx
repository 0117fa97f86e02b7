import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { choices, dataOf } from '#sdk';

import {
  CERTIFICATE_FILTERS,
  type CertificateSearch,
  certificateQuery,
  certificateSearch,
} from '../certificate-filter.js';
import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { type DroppedFile, DropText } from '../components/drop-text.js';
import { Form, SelectField, TextField } from '../components/form.js';
import { Card, Loaded, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { Time } from '../components/time.js';
import { type Schemas, authoritiesQuery, certificatesQuery, itemsOf, optionsOf, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { listOf } from '../text.js';
import { CreateAuthority } from './authority-forms.js';

const route = getRouteApi('/signed-in/t/$tenant/certificates');

export function CertificatesPage() {
  const { tenantId, slug: tenant, reason } = useTenant();
  const [issuing, setIssuing] = useState(false);
  const search = route.useSearch();
  const list = useInfiniteQuery(certificatesQuery(tenantId, certificateQuery(search)));
  return (
    <Page
      title="Certificates"
      introduction="The certificates that the authorities of the tenant issued."
      actions={
        <Button look="main" reason={reason('certificates:issue')} onClick={() => setIssuing(true)}>
          Issue certificate
        </Button>
      }
    >
      <Authorities />
      <Filters search={search} />
      <Card title="Inventory">
        <PagedTable
          list={list}
          empty="No certificate matches. Issue one for a request (CSR)."
          label="Certificates"
          keyOf={({ kid }) => kid}
          columns={[
            {
              name: 'Subject',
              cell: ({ kid, subject }) => (
                <Link to="/t/$tenant/certificates/$kid" params={{ tenant, kid }}>
                  {subject}
                </Link>
              ),
            },
            { name: 'State', cell: ({ state }) => <Badge state={state} /> },
            { name: 'Key', cell: ({ keyAlgorithm }) => keyAlgorithm },
            { name: 'Ends', cell: ({ notAfter }) => <Time at={notAfter} /> },
          ]}
        />
      </Card>
      {issuing && <IssueCertificate onClose={() => setIssuing(false)} />}
    </Page>
  );
}

/** The filters of the inventory; the address of the page contains them. */
function Filters({ search }: { readonly search: CertificateSearch }) {
  const { tenantId, slug: tenant } = useTenant();
  const navigate = useNavigate();
  const authorities = itemsOf(useInfiniteQuery(authoritiesQuery(tenantId))).data ?? [];
  const show = (values: CertificateSearch) =>
    void navigate({ to: '/t/$tenant/certificates', params: { tenant }, search: values });
  return (
    <details className="mb-4 rounded-lg border border-line bg-card p-4" open={Object.keys(search).length > 0}>
      <summary className="cursor-pointer font-medium text-strong">Filters</summary>
      <div className="mt-3" key={`${JSON.stringify(search)} ${authorities.length}`}>
        <Form submit="Apply" onSubmit={(values) => show(certificateSearch(values, choices.Certificate.state))}>
          <div className="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-3">
            <SelectField
              label="State"
              name="state"
              defaultValue={search.state ?? ''}
              options={[{ value: '', label: 'any' }, ...optionsOf(choices.Certificate.state)]}
            />
            <SelectField
              label="Authority"
              name="caId"
              defaultValue={search.caId ?? ''}
              options={[
                { value: '', label: 'any' },
                ...authorities.map(({ id, name }) => ({ value: id, label: name })),
              ]}
            />
            <TextField label="Expires before" name="expiresBefore" type="date" defaultValue={search.expiresBefore} />
            {(Object.keys(CERTIFICATE_FILTERS) as (keyof typeof CERTIFICATE_FILTERS)[]).map((name) => (
              <TextField key={name} label={CERTIFICATE_FILTERS[name]} name={name} defaultValue={search[name]} />
            ))}
          </div>
        </Form>
        <div className="mt-2">
          <Button look="quiet" onClick={() => show({})}>
            Clear the filters
          </Button>
        </div>
      </div>
    </details>
  );
}

function Authorities() {
  const { tenantId, slug: tenant, reason } = useTenant();
  const [creating, setCreating] = useState(false);
  const list = useInfiniteQuery(authoritiesQuery(tenantId));
  return (
    <Card
      title="Authorities"
      actions={
        <Button reason={reason('certificate-authorities:write')} onClick={() => setCreating(true)}>
          Create authority
        </Button>
      }
    >
      <PagedTable
        list={list}
        empty="There is no authority yet. The first one becomes the default issuer."
        label="Authorities"
        keyOf={({ id }) => id}
        columns={[
          {
            name: 'Name',
            cell: ({ id, name, isDefault }) => (
              <>
                <Link to="/t/$tenant/authorities/$caId" params={{ tenant, caId: id }}>
                  {name}
                </Link>
                {isDefault && ' (default)'}
              </>
            ),
          },
          { name: 'State', cell: ({ state }) => <Badge state={state} /> },
          { name: 'Subject', cell: ({ subject }) => subject },
          { name: 'Ends', cell: ({ notAfter }) => <Time at={notAfter} /> },
          {
            name: 'Published',
            cell: ({ id, name, certificate }) =>
              certificate !== null && (
                <span className="flex flex-wrap gap-3">
                  <a href={`/pki/${id}/ca.crt`} aria-label={`Certificate of ${name}`}>
                    certificate
                  </a>
                  <a href={`/pki/${id}/crl`} aria-label={`CRL of ${name}`}>
                    CRL
                  </a>
                </span>
              ),
          },
        ]}
      />
      {creating && <CreateAuthority onClose={() => setCreating(false)} />}
    </Card>
  );
}

interface DialogProps {
  readonly onClose: () => void;
}

function IssueCertificate({ onClose }: DialogProps) {
  const { tenantId, slug: tenant } = useTenant();
  const navigate = useNavigate();
  const [file, setFile] = useState<DroppedFile>();
  const authorities = itemsOf(useInfiniteQuery(authoritiesQuery(tenantId)));
  const issue = useChange(
    (body: Schemas['NewCertificate']) =>
      dataOf(client.POST('/v1/tenants/{tenantId}/certificates', { params: { path: { tenantId } }, body })),
    ({ kid }) => void navigate({ to: '/t/$tenant/certificates/$kid', params: { tenant, kid } }),
  );
  return (
    <Dialog title="Issue a certificate" onClose={onClose}>
      <Loaded query={authorities}>
        {(items) => (
          <Form
            submit="Issue"
            call={issue}
            reason={items.length === 0 ? 'Create an authority first' : undefined}
            onCancel={onClose}
            onSubmit={({ csr = '', caId, validityDays, san }) =>
              issue.mutate({
                csr,
                ...(caId === undefined ? {} : { caId }),
                ...(validityDays === undefined ? {} : { validityDays: Number(validityDays) }),
                ...(san === undefined ? {} : { san: listOf(san) }),
              })
            }
          >
            <DropText label="Request (CSR, PEM)" name="csr" value={file?.text ?? ''} onFile={setFile} />
            <SelectField
              label="Authority"
              name="caId"
              options={items
                .filter(({ state }) => state === 'active')
                .map(({ id, name }) => ({ value: id, label: name }))}
            />
            <TextField label="Valid for (days)" name="validityDays" type="number" min={1} hint="Empty: the default" />
            <TextField
              label="Alternative names"
              name="san"
              hint="Separated by commas; empty: those of the request. If the policy rejects the request, each finding is listed"
            />
          </Form>
        )}
      </Loaded>
    </Dialog>
  );
}
