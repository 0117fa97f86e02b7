import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Form, PASSWORD_HINT, TextField } from '../components/form.js';
import { Notice, OutsidePage, Panel } from '../components/outside.js';
import { useChange } from '../queries.js';
import { client } from '../server.js';
import { resetToken } from '../token-of-address.js';

/** Where the holder of an account chooses a new password by a token, and asks for one by e-mail. */
export function ResetPage() {
  const [token] = useState(resetToken.current);
  const complete = useChange(
    (body: { token: string; password: string }) => dataOf(client.POST('/v1/auth/reset/complete', { body })),
    () => resetToken.forget(),
  );
  const ask = useChange((body: { email: string; tenant?: string }) => dataOf(client.POST('/v1/auth/reset', { body })));
  return (
    <OutsidePage title="Choose a new password">
      {complete.isSuccess ? (
        <Notice>The new password is set. All sessions of the account have ended.</Notice>
      ) : (
        <Panel title="Choose a new password">
          {ask.isSuccess && <Notice>If the account exists, a token is sent to its address.</Notice>}
          {token === '' && (
            <details className="mb-4">
              <summary>Get a token by e-mail</summary>
              <Form
                submit="Send a token"
                call={ask}
                onSubmit={({ email = '', tenant }) =>
                  ask.mutate({ email, ...(tenant === undefined ? {} : { tenant }) })
                }
              >
                <TextField label="E-mail address" name="email" type="email" autoComplete="username" required />
                <TextField label="Tenant (optional)" name="tenant" hint="Only if several accounts have your address" />
              </Form>
            </details>
          )}
          <Form
            submit="Set the password"
            call={complete}
            onSubmit={({ token: given = '', password = '' }) => complete.mutate({ token: given, password })}
          >
            <TextField label="Token of the reset" name="token" hint="crst_…" defaultValue={token} required />
            <TextField
              label="New password"
              name="password"
              type="password"
              autoComplete="new-password"
              hint={PASSWORD_HINT}
              required
            />
          </Form>
        </Panel>
      )}
      <p className="mt-6 text-sm">
        <Link to="/sign-in">Sign in</Link>
      </p>
    </OutsidePage>
  );
}
