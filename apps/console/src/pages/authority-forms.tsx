import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { choices, dataOf } from '#sdk';

import { Dialog } from '../components/dialog.js';
import { type DroppedFile, DropText } from '../components/drop-text.js';
import { Form, SelectField, TextField } from '../components/form.js';
import { KeyStoreField } from '../components/key-store-field.js';
import { type Schemas, optionsOf, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const AUTHORITIES = '/v1/tenants/{tenantId}/certificate-authorities';
const AUTHORITY = `${AUTHORITIES}/{caId}` as const;

interface DialogProps {
  readonly onClose: () => void;
}

/** Creates a root, or an authority whose certificate an issuer elsewhere issues. */
export function CreateAuthority({ onClose }: DialogProps) {
  const { tenantId, slug: tenant } = useTenant();
  const navigate = useNavigate();
  const [external, setExternal] = useState(false);
  const create = useChange(
    (body: Schemas['NewCertificateAuthority']) =>
      dataOf(client.POST(AUTHORITIES, { params: { path: { tenantId } }, body })),
    async ({ id, state }) => {
      onClose();
      // The next step is on its page: to send its request to the issuer.
      if (state === 'pending') await navigate({ to: '/t/$tenant/authorities/$caId', params: { tenant, caId: id } });
    },
  );
  return (
    <Dialog title="Create a certificate authority" onClose={onClose}>
      <Form
        submit="Create"
        call={create}
        onCancel={onClose}
        onSubmit={({ name = '', commonName = '', organizationName, keyAlgorithm = '', validityDays, keyStore }) =>
          create.mutate({
            name,
            subject: { commonName, ...(organizationName === undefined ? {} : { organizationName }) },
            keyAlgorithm: keyAlgorithm as 'P-256',
            ...(external ? { externalIssuer: true } : { validityDays: Number(validityDays) }),
            ...(keyStore === undefined ? {} : { keyStore }),
          })
        }
      >
        <TextField label="Name" name="name" required />
        <SelectField
          label="Issuer"
          name="issuer"
          onChange={({ target }) => setExternal(target.value === 'external')}
          hint={
            external ? 'You download a request (CSR) and upload the certificate that the issuer returns' : undefined
          }
          options={[
            { value: '', label: 'Itself: a root' },
            { value: 'external', label: 'Outside of this server, such as an offline root' },
          ]}
        />
        <TextField label="Common name" name="commonName" required />
        <TextField label="Organisation (optional)" name="organizationName" />
        <SelectField
          label="Key"
          name="keyAlgorithm"
          defaultValue="P-256"
          options={optionsOf(choices.CertificateAuthority.keyAlgorithm)}
        />
        {!external && (
          <TextField label="Valid for (days)" name="validityDays" type="number" min={1} defaultValue={3650} required />
        )}
        <KeyStoreField />
      </Form>
    </Dialog>
  );
}

/** Uploads what the issuer returned for the request. */
export function UploadCertificate({ caId, onClose }: DialogProps & { readonly caId: string }) {
  const { tenantId } = useTenant();
  const [file, setFile] = useState<DroppedFile>();
  const params = { path: { tenantId, caId } };
  const store = useChange(
    (certificatePem: string) => dataOf(client.POST(`${AUTHORITY}/certificate`, { params, body: { certificatePem } })),
    onClose,
  );
  return (
    <Dialog title="Upload the certificate" onClose={onClose}>
      <Form
        submit="Upload"
        call={store}
        onCancel={onClose}
        onSubmit={({ certificatePem = '' }) => store.mutate(certificatePem)}
      >
        <DropText
          label="Chain (PEM)"
          name="certificatePem"
          hint="The certificate of this authority, followed by those of its issuers"
          value={file?.text ?? ''}
          onFile={setFile}
        />
      </Form>
    </Dialog>
  );
}

/** Asks before an authority is deleted that never had a certificate. */
export function DeleteAuthority({
  authority,
  onClose,
}: DialogProps & { readonly authority: Schemas['CertificateAuthority'] }) {
  const { tenantId, slug: tenant } = useTenant();
  const navigate = useNavigate();
  const remove = useChange(
    () => dataOf(client.DELETE(AUTHORITY, { params: { path: { tenantId, caId: authority.id } } })),
    () => navigate({ to: '/t/$tenant/certificates', params: { tenant } }),
  );
  return (
    <Dialog title={`Delete ${authority.name}?`} onClose={onClose}>
      <ul className="mb-3 list-disc space-y-1 pl-5">
        <li>Its private key is destroyed. It has issued nothing.</li>
        <li>A certificate that is issued for its request later is of no use.</li>
      </ul>
      <Form submit="Yes, Delete" danger call={remove} onCancel={onClose} onSubmit={() => remove.mutate(undefined)} />
    </Dialog>
  );
}
