import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { CertificateChain } from '../components/certificate-chain.js';
import { Card, Empty, Facts, Loaded, Page } from '../components/page.js';
import { ExactTime, Time } from '../components/time.js';
import { saveFile } from '../download.js';
import type { Schemas } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { AcmeDirectory } from './acme.js';
import { DeleteAuthority, UploadCertificate } from './authority-forms.js';

const route = getRouteApi('/signed-in/t/$tenant/authorities/$caId');
const AUTHORITY = '/v1/tenants/{tenantId}/certificate-authorities/{caId}';

/** An authority: its certificate, and in what state is what relying parties learn of revocations by. */
export function AuthorityPage() {
  const { caId } = route.useParams();
  const { tenantId } = useTenant();
  const params = { path: { tenantId, caId } };
  const authority = useQuery({
    queryKey: [tenantId, 'certificate-authorities', caId],
    queryFn: () => dataOf(client.GET(AUTHORITY, { params })),
  });
  return (
    <Loaded title="Authority" query={authority}>
      {(found) => <AuthorityDetails authority={found} />}
    </Loaded>
  );
}

interface AuthorityProps {
  readonly authority: Schemas['CertificateAuthority'];
}

function AuthorityDetails({ authority }: AuthorityProps) {
  const { slug: tenant, reason } = useTenant();
  const [dialog, setDialog] = useState<'upload' | 'delete'>();
  const { id: caId, name, state, subject, issuer, serialNumber, notBefore, notAfter, certificate, csr } = authority;
  const notPermitted = reason('certificate-authorities:write');
  const close = () => setDialog(undefined);
  return (
    <Page
      title={name}
      introduction="A certificate authority of the tenant"
      actions={
        <>
          {csr !== null && (state === 'pending' || state === 'active') && (
            <Button
              look={state === 'pending' ? 'main' : 'plain'}
              reason={notPermitted}
              onClick={() => setDialog('upload')}
            >
              Upload certificate
            </Button>
          )}
          {certificate === null && (
            <Button reason={notPermitted} onClick={() => setDialog('delete')}>
              Delete authority
            </Button>
          )}
        </>
      }
    >
      <Card>
        <Facts
          facts={[
            { name: 'State', value: <Badge state={state} /> },
            { name: 'Subject', value: subject },
            { name: 'Issuer', value: issuer ?? 'outside of this server; it has not issued the certificate yet' },
            ...(serialNumber === null ? [] : [{ name: 'Serial number', value: <code>{serialNumber}</code> }]),
            { name: 'Key', value: keyFacts(authority) },
            ...(notBefore === null ? [] : [{ name: 'Valid from', value: <ExactTime at={notBefore} /> }]),
            {
              name: certificate === null ? 'Certificate can be uploaded until' : 'Valid until',
              value: (
                <>
                  <ExactTime at={notAfter} /> (<Time at={notAfter} />)
                </>
              ),
            },
          ]}
        />
        {certificate !== null && (
          <p className="mt-3">
            <Link to="/t/$tenant/certificates" params={{ tenant }} search={{ caId }}>
              Issued certificates
            </Link>
          </p>
        )}
      </Card>
      {csr !== null && (
        <Card
          title="Request"
          actions={<Button onClick={() => saveFile(`${name}.csr`, csr)}>Download the request (CSR)</Button>}
        >
          <p className="text-soft">
            {certificate === null
              ? 'Send the request to the issuer. Then upload the certificate that it returns, followed by those of its issuers.'
              : 'For a renewal, send the same request to the issuer: the key stays the same.'}
          </p>
        </Card>
      )}
      {certificate !== null && (
        <>
          <RevocationState caId={caId} />
          <AcmeDirectory caId={caId} />
          <Card
            title="Chain"
            actions={<Button onClick={() => saveFile(`${name}.pem`, certificate)}>Download PEM</Button>}
          >
            <CertificateChain caId={caId} />
          </Card>
        </>
      )}
      {dialog === 'upload' && <UploadCertificate caId={caId} onClose={close} />}
      {dialog === 'delete' && <DeleteAuthority authority={authority} onClose={close} />}
    </Page>
  );
}

const keyFacts = ({
  keyAlgorithm,
  origin,
  keyStore,
}: Pick<Schemas['CertificateAuthority'], 'keyAlgorithm' | 'origin' | 'keyStore'>) =>
  keyStore === null ? `${keyAlgorithm}, ${origin}` : `${keyAlgorithm}, never leaves the key store ${keyStore}`;

function RevocationState({ caId }: { readonly caId: string }) {
  const { tenantId } = useTenant();
  const status = useQuery({
    queryKey: [tenantId, 'certificate-authorities', caId, 'status'],
    queryFn: () => dataOf(client.GET(`${AUTHORITY}/status`, { params: { path: { tenantId, caId } } })),
  });
  return (
    <Loaded query={status}>
      {(state) => (
        <>
          <Card title="CRL" actions={<a href={`/pki/${caId}/crl`}>Download the CRL</a>}>
            {state.crl === null ? (
              <Empty>No list has been published yet: the first request signs it.</Empty>
            ) : (
              <CrlFacts crl={state.crl} />
            )}
          </Card>
          <Card title="OCSP">
            <Facts
              facts={[
                {
                  name: 'Signed by',
                  value:
                    state.ocspSigner === null ? (
                      'no responder yet: the first request issues its certificate'
                    ) : (
                      <>
                        the delegate <code>{state.ocspSigner.serialNumber}</code>, until{' '}
                        <ExactTime at={state.ocspSigner.notAfter} />
                      </>
                    ),
                },
                {
                  name: 'Last response of this process',
                  value:
                    state.lastOcspAnswer === null ? (
                      'none since its start'
                    ) : (
                      <>
                        {state.lastOcspAnswer.statuses}, <Time at={state.lastOcspAnswer.answeredAt} />
                      </>
                    ),
                },
                { name: 'Address', value: <code>{`/pki/${caId}/ocsp`}</code> },
              ]}
            />
          </Card>
        </>
      )}
    </Loaded>
  );
}

const CrlFacts = ({ crl }: { readonly crl: Schemas['CrlState'] }) => (
  <Facts
    facts={[
      { name: 'Number', value: <code>{crl.number}</code> },
      { name: 'thisUpdate (UTC)', value: <ExactTime at={crl.thisUpdate} /> },
      { name: 'nextUpdate (UTC)', value: <ExactTime at={crl.nextUpdate} /> },
      { name: 'Size', value: `${crl.bytes.toLocaleString('en-GB')} bytes` },
      { name: 'State', value: crl.isDue ? 'the next one is due: it is signed before the next answer' : 'current' },
    ]}
  />
);
