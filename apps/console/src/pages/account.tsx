import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Form, PASSWORD_HINT, Refusal, TextField } from '../components/form.js';
import { More } from '../components/more.js';
import { Card, Facts, Loaded, Page } from '../components/page.js';
import { Table } from '../components/table.js';
import { Time } from '../components/time.js';
import { itemsOf, selfQuery, sessionsQuery, useChange } from '../queries.js';
import { roleName } from '../reasons.js';
import { client } from '../server.js';
import { SecondFactors } from './second-factors.js';

export function AccountPage() {
  const { data: self } = useSuspenseQuery(selfQuery);
  return (
    <Page title="Your account">
      <Card>
        <Facts
          facts={[
            { name: 'Name', value: self.user.name },
            { name: 'E-mail address', value: `${self.user.email}${self.user.emailVerified ? ' (verified)' : ''}` },
            ...self.memberships.map(({ slug, name, role }) => ({
              name: `Role in ${name} (${slug})`,
              value: roleName(role),
            })),
          ]}
        />
      </Card>
      <SecondFactors />
      <Sessions />
      <PasswordForm />
    </Page>
  );
}

function Sessions() {
  const list = useInfiniteQuery(sessionsQuery);
  const end = useChange((sessionId: string) =>
    dataOf(client.DELETE('/v1/auth/sessions/{sessionId}', { params: { path: { sessionId } } })),
  );
  return (
    <Card title="Sessions">
      <Refusal error={end.error} />
      <Loaded query={itemsOf(list)}>
        {(sessions) => (
          <Table
            label="Sessions"
            rows={sessions}
            keyOf={({ id }) => id}
            columns={[
              { name: 'From', cell: ({ sourceAddress }) => sourceAddress ?? 'unknown' },
              { name: 'Client', cell: ({ userAgent }) => userAgent ?? 'unknown' },
              { name: 'Started', cell: ({ createdAt }) => <Time at={createdAt} /> },
              { name: 'Renewed', cell: ({ renewedAt }) => <Time at={renewedAt} /> },
              {
                name: 'Action',
                cell: ({ id, current, sourceAddress, userAgent }) =>
                  current ? (
                    'this one'
                  ) : (
                    <Button
                      aria-label={`End the session from ${sourceAddress ?? 'unknown'}, ${userAgent ?? 'unknown'}`}
                      onClick={() => end.mutate(id)}
                    >
                      End
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Loaded>
      <More list={list} />
    </Card>
  );
}

function PasswordForm() {
  const [changed, setChanged] = useState(0);
  const change = useChange(
    (body: { currentPassword: string; newPassword: string }) => dataOf(client.POST('/v1/auth/password', { body })),
    () => setChanged((count) => count + 1),
  );
  return (
    <Card title="Change the password">
      {changed > 0 && <p role="status">The new password is set. All other sessions have ended.</p>}
      <Form
        key={changed}
        submit="Change the password"
        call={change}
        onSubmit={({ currentPassword = '', newPassword = '' }) => change.mutate({ currentPassword, newPassword })}
      >
        <TextField
          label="Current password"
          name="currentPassword"
          type="password"
          autoComplete="current-password"
          required
        />
        <TextField
          label="New password"
          name="newPassword"
          type="password"
          autoComplete="new-password"
          hint={PASSWORD_HINT}
          required
        />
      </Form>
    </Card>
  );
}
