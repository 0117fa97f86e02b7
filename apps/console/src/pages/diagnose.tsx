import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Form, SelectField, TextArea } from '../components/form.js';
import { Card, Page } from '../components/page.js';
import { decodeToken } from '../jwt.js';
import { type Schemas, itemsOf, profilesQuery, useChange } from '../queries.js';
import { asService } from '../service-client.js';
import { useTenant } from '../tenant.js';
import { ServiceField } from './service-field.js';

/** Why a token is refused, with every cause that is found. */
export function DiagnosePage() {
  const { tenantId, reason } = useTenant();
  const [answer, setAnswer] = useState<{ readonly token: string; readonly diagnosis: Schemas['DiagnoseAnswer'] }>();
  const profiles = itemsOf(useInfiniteQuery(profilesQuery(tenantId))).data ?? [];
  const diagnose = useChange(
    async ({ serviceId = '', profile, token = '', body }: Readonly<Record<string, string>>) => {
      const service = await asService(tenantId, serviceId);
      const diagnosis = await dataOf(
        service.POST('/v1/diagnose', {
          body: { token, ...(profile === undefined ? {} : { profile }), ...(body === undefined ? {} : { body }) },
        }),
      );
      return { token, diagnosis };
    },
    setAnswer,
  );
  const decoded = answer === undefined ? undefined : decodeToken(answer.token);
  return (
    <Page title="Diagnose a token" introduction="Paste a rejected token to list every cause.">
      <Card>
        <Form submit="Diagnose" call={diagnose} reason={reason('credentials:reveal')} onSubmit={diagnose.mutate}>
          <TextArea label="Token" name="token" required />
          <SelectField
            label="Expected token profile"
            name="profile"
            options={[
              ...profiles.map(({ name }) => ({ value: name, label: name })),
              { value: '', label: "none: it is a service's own JWT" },
            ]}
          />
          <TextArea label="The body received with it (optional)" name="body" rows={2} />
          <ServiceField />
        </Form>
      </Card>
      {answer !== undefined && (
        <Card title="Diagnosis">
          <p className="mb-3">
            <Badge state={answer.diagnosis.valid ? 'accepted' : 'denied'} /> <code>{answer.diagnosis.code}</code>
          </p>
          <ul className="list-disc space-y-2 pl-5">
            {answer.diagnosis.findings.map(({ cause, detail }) => (
              <li key={cause + detail}>
                {detail} <code className="text-soft">{cause}</code>
              </li>
            ))}
          </ul>
          {decoded !== undefined && (
            <pre tabIndex={0} className="mt-3 overflow-x-auto rounded-md bg-page p-3">
              {JSON.stringify(decoded, null, 2)}
            </pre>
          )}
        </Card>
      )}
    </Page>
  );
}
