import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { choices, dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { DropText } from '../components/drop-text.js';
import { CheckField, Form, SelectField, TextField } from '../components/form.js';
import { KeyStoreField } from '../components/key-store-field.js';
import { Card, Page } from '../components/page.js';
import { PagedTable } from '../components/paged-table.js';
import { Time } from '../components/time.js';
import { formatOfKeyFile } from '../key-file.js';
import { type Schemas, keysQuery, optionsOf, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const DAY_SECONDS = 86_400;
const ALGORITHM_DEFAULT = 'ES256';

export function KeysPage() {
  const { tenantId, slug: tenant, reason } = useTenant();
  const [dialog, setDialog] = useState<'generate' | 'import'>();
  const list = useInfiniteQuery(keysQuery(tenantId));
  const close = () => setDialog(undefined);
  return (
    <Page
      title="Keys"
      introduction="Keys sign tokens. Each key has versions: one signs, and earlier ones are published until they are no longer needed."
      actions={
        <>
          <Button look="main" reason={reason('keys:write')} onClick={() => setDialog('generate')}>
            Generate key
          </Button>
          <Button reason={reason('keys:write')} onClick={() => setDialog('import')}>
            Import key
          </Button>
        </>
      }
    >
      <Card>
        <PagedTable
          list={list}
          empty="There is no key yet. Generate one, or import a key that a partner already knows."
          label="Keys"
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Name',
              cell: ({ id, name }) => (
                <Link to="/t/$tenant/keys/$keyId" params={{ tenant, keyId: id }}>
                  {name}
                </Link>
              ),
            },
            { name: 'State', cell: ({ state }) => <Badge state={state} /> },
            { name: 'Algorithm', cell: ({ algorithm, modulusBits }) => `${algorithm} ${modulusBits ?? ''}` },
            { name: 'Origin', cell: ({ origin, weak }) => (weak ? `${origin}, weak` : origin) },
            { name: 'Next rotation', cell: ({ nextRotationAt }) => <Time at={nextRotationAt} never="by hand" /> },
          ]}
        />
      </Card>
      <Jwks />
      {dialog === 'generate' && <GenerateKey onClose={close} />}
      {dialog === 'import' && <ImportKey onClose={close} />}
    </Page>
  );
}

function Jwks() {
  const { tenantId, slug } = useTenant();
  const [shown, setShown] = useState<Schemas['JsonWebKeySet']>();
  const path = `/v1/tenants/${slug}/.well-known/jwks.json`;
  const show = useChange(
    () => dataOf(client.GET('/v1/tenants/{tenantId}/.well-known/jwks.json', { params: { path: { tenantId } } })),
    setShown,
  );
  return (
    <Card
      title="Published keys"
      actions={
        <Button onClick={() => show.mutate(undefined)}>{shown === undefined ? 'Show the JWKS' : 'Read again'}</Button>
      }
    >
      <p>
        Partners verify tokens with <a href={path}>{path}</a>.
      </p>
      {shown !== undefined && (
        <pre tabIndex={0} className="mt-3 max-h-96 overflow-auto rounded-md bg-page p-3">
          {JSON.stringify(shown, null, 2)}
        </pre>
      )}
    </Card>
  );
}

interface DialogProps {
  readonly onClose: () => void;
}

function GenerateKey({ onClose }: DialogProps) {
  const { tenantId } = useTenant();
  const generate = useChange(
    (body: Schemas['NewKey']) =>
      dataOf(client.POST('/v1/tenants/{tenantId}/keys', { params: { path: { tenantId } }, body })),
    onClose,
  );
  return (
    <Dialog title="Generate a key" onClose={onClose}>
      <Form
        submit="Generate"
        call={generate}
        onCancel={onClose}
        onSubmit={({ name = '', algorithm = '', days, exportable, keyStore }) =>
          generate.mutate({
            name,
            algorithm: algorithm as Schemas['NewKey']['algorithm'],
            exportable: exportable !== undefined,
            ...(days === undefined ? {} : { rotateEverySeconds: Number(days) * DAY_SECONDS }),
            ...(keyStore === undefined ? {} : { keyStore }),
          })
        }
      >
        <TextField label="Name" name="name" maxLength={100} required />
        <SelectField
          label="Algorithm"
          name="algorithm"
          defaultValue={ALGORITHM_DEFAULT}
          options={optionsOf(choices.NewKey.algorithm)}
        />
        <TextField
          label="Rotate every … days"
          name="days"
          type="number"
          min={1}
          max={3650}
          hint="Empty: manual rotation only"
        />
        <KeyStoreField />
        <CheckField label="The private key can be exported" name="exportable" />
      </Form>
    </Dialog>
  );
}

function ImportKey({ onClose }: DialogProps) {
  const { tenantId } = useTenant();
  const [file, setFile] = useState({ text: '', base64: '', name: '' });
  const importing = useChange(
    (body: Schemas['KeyToImport']) =>
      dataOf(client.POST('/v1/tenants/{tenantId}/keys/import', { params: { path: { tenantId } }, body })),
    onClose,
  );
  const format = formatOfKeyFile(file.name, file.text);
  return (
    <Dialog title="Import a key" onClose={onClose}>
      <Form
        submit="Import"
        call={importing}
        onCancel={onClose}
        onSubmit={({ name = '', algorithm = '', format: chosen = '', data = '', password, exportable }) =>
          importing.mutate({
            name,
            algorithm: algorithm as Schemas['KeyToImport']['algorithm'],
            format: chosen as Schemas['KeyToImport']['format'],
            data,
            exportable: exportable !== undefined,
            ...(password === undefined ? {} : { password }),
          })
        }
      >
        <TextField label="Name" name="name" maxLength={100} required />
        <DropText
          key={format}
          label="Key file"
          name="data"
          value={format === 'pkcs12' ? file.base64 : file.text}
          onFile={setFile}
        />
        <SelectField
          key={`format ${format}`}
          label="Format"
          name="format"
          defaultValue={format}
          options={optionsOf(choices.KeyToImport.format)}
        />
        <SelectField
          label="Algorithm"
          name="algorithm"
          defaultValue={ALGORITHM_DEFAULT}
          options={optionsOf(choices.KeyToImport.algorithm)}
        />
        <TextField label="Passphrase of the file" name="password" type="password" hint="Empty: none" />
        <CheckField label="The private key can be exported" name="exportable" />
      </Form>
    </Dialog>
  );
}
