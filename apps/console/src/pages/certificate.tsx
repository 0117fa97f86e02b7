import { queryOptions, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { choices, dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { CertificateChain } from '../components/certificate-chain.js';
import { Dialog } from '../components/dialog.js';
import { Form, Refusal, SelectField } from '../components/form.js';
import { Card, Facts, Loaded, Page } from '../components/page.js';
import { ExactTime, Time } from '../components/time.js';
import { saveFile } from '../download.js';
import { type Schemas, optionsOf, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { enumeration } from '../text.js';

const route = getRouteApi('/signed-in/t/$tenant/certificates/$kid');
const CERTIFICATE = '/v1/tenants/{tenantId}/certificates/{kid}';

type Certificate = Schemas['CertificateWithChain'];
type Reason = Schemas['Revocation']['reason'];

const certificateQuery = (tenantId: string, kid: string) =>
  queryOptions({
    queryKey: [tenantId, 'certificates', kid],
    queryFn: () => dataOf(client.GET(CERTIFICATE, { params: { path: { tenantId, kid } } })),
  });

export function CertificatePage() {
  const { kid } = route.useParams();
  const { tenantId } = useTenant();
  const certificate = useQuery(certificateQuery(tenantId, kid));
  return (
    <Loaded title="Certificate" query={certificate}>
      {(data) => <CertificateDetails certificate={data} />}
    </Loaded>
  );
}

function CertificateDetails({ certificate }: { readonly certificate: Certificate }) {
  const { tenantId, reason } = useTenant();
  const [revoking, setRevoking] = useState(false);
  const { kid, state, subject, issuer, san, revocationReason } = certificate;
  const params = { path: { tenantId, kid } };
  const hold = useChange(() => dataOf(client.POST(`${CERTIFICATE}/hold`, { params })));
  const release = useChange(() => dataOf(client.POST(`${CERTIFICATE}/release`, { params })));
  const over = state === 'revoked' || state === 'expired' ? `The certificate is ${state}` : undefined;
  const mayWrite = reason('certificates:write');
  return (
    <Page
      title={subject}
      actions={
        <>
          {state === 'held' ? (
            <Button reason={mayWrite} onClick={() => release.mutate(undefined)}>
              Release
            </Button>
          ) : (
            <Button reason={mayWrite ?? over} onClick={() => hold.mutate(undefined)}>
              Hold
            </Button>
          )}
          <Button reason={mayWrite ?? over} onClick={() => setRevoking(true)}>
            Revoke
          </Button>
        </>
      }
    >
      <Refusal error={hold.error ?? release.error} />
      <Card>
        <Facts
          facts={[
            { name: 'State', value: <Badge state={state} /> },
            ...(revocationReason === null ? [] : [{ name: 'Reason', value: revocationReason }]),
            { name: 'kid', value: <code>{kid}</code> },
            { name: 'Issuer', value: issuer },
            { name: 'Alternative names', value: enumeration(san) || 'none' },
            { name: 'Serial number', value: <code>{certificate.serialNumber}</code> },
            { name: 'Key', value: certificate.keyAlgorithm },
            { name: 'Valid from', value: <ExactTime at={certificate.notBefore} /> },
            {
              name: 'Valid until',
              value: (
                <>
                  <ExactTime at={certificate.notAfter} /> (<Time at={certificate.notAfter} />)
                </>
              ),
            },
          ]}
        />
        <p className="mt-3">
          Relying parties ask <a href={`/pki/${certificate.caId}/crl`}>the CRL</a>, or OCSP at{' '}
          <code>{`/pki/${certificate.caId}/ocsp`}</code>.
        </p>
      </Card>
      <Card
        title="Certificate and its issuers"
        actions={
          <Button onClick={() => saveFile(`${kid}.pem`, `${certificate.certificate ?? ''}${certificate.chain}`)}>
            Download PEM
          </Button>
        }
      >
        <CertificateChain caId={certificate.caId} />
        <pre tabIndex={0} className="mt-3 max-h-96 overflow-auto">
          {`${certificate.certificate ?? ''}${certificate.chain}`}
        </pre>
      </Card>
      {revoking && <RevokeDialog certificate={certificate} onClose={() => setRevoking(false)} />}
    </Page>
  );
}

interface RevokeDialogProps {
  readonly certificate: Certificate;
  readonly onClose: () => void;
}

function RevokeDialog({ certificate: { kid, version }, onClose }: RevokeDialogProps) {
  const { tenantId } = useTenant();
  const [reason, setReason] = useState<Reason>('unspecified');
  const call = (dryRun: boolean) =>
    dataOf(
      client.POST(`${CERTIFICATE}/revoke`, {
        params: { path: { tenantId, kid }, query: { dryRun } },
        body: { reason },
      }),
    );
  const foreseen = useQuery({
    queryKey: [tenantId, 'certificates', kid, 'revoke', reason, version],
    queryFn: async () => (await call(true)) as { readonly impact: Schemas['RevocationOutcome'] },
  });
  const revoke = useChange(() => call(false), onClose);
  return (
    <Dialog title="Revoke this certificate?" onClose={onClose}>
      <p className="mb-3">
        It is in the CRL and in OCSP answers from now on. Nothing makes it valid again; hold it instead if you are not
        sure.
      </p>
      <Form submit="Yes, Revoke" danger call={revoke} onCancel={onClose} onSubmit={() => revoke.mutate(undefined)}>
        <SelectField
          label="Reason (RFC 5280)"
          value={reason}
          onChange={({ target }) => setReason(target.value as Reason)}
          options={optionsOf(choices.Revocation.reason)}
        />
        <Loaded query={foreseen}>
          {({ impact }) => (
            <Facts
              facts={[
                { name: 'State afterwards', value: impact.state },
                { name: 'Also revoked', value: enumeration(impact.alsoRevoked ?? []) || 'nothing else' },
              ]}
            />
          )}
        </Loaded>
      </Form>
    </Dialog>
  );
}
