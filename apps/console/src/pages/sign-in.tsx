import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { FactorAnswer, FactorQuestion, SignIn } from '#sdk';

import { Button } from '../components/button.js';
import { Form, Refusal, TextField } from '../components/form.js';
import { OutsidePage, Panel, Warning } from '../components/outside.js';
import { askPasskey } from '../passkeys.js';
import { offeredProvidersQuery, useChange } from '../queries.js';
import { session } from '../server.js';
import { sessionEndText } from '../session-end.js';
import { invitationToken } from '../token-of-address.js';

/** The ways into the console without a session. */
export function SignInPage() {
  const { reason } = useSearch({ from: '/sign-in' });
  return (
    <OutsidePage title="Sign in">
      {reason !== undefined && <Warning>{sessionEndText(reason)}</Warning>}
      <Providers />
      <PasswordForm />
      <div className="mt-6 flex flex-wrap gap-4 text-sm">
        <Link to="/invitation">I have an invitation</Link>
        <Link to="/reset">I have a token for a new password</Link>
      </div>
    </OutsidePage>
  );
}

/** The identity providers by which people sign in; those of a tenant where the address names one (`?tenant=acme`). */
function Providers() {
  const { tenant } = useSearch({ from: '/sign-in' });
  const offered = useQuery(offeredProvidersQuery(tenant));
  const begin = useChange(
    (id: string) => session.beginAtProvider(id),
    (url) => window.location.assign(url),
  );
  const items = offered.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <div className="mb-4 flex flex-col gap-2">
      {items.map(({ id, name }) => (
        <Button key={id} look="main" onClick={() => begin.mutate(id)}>
          Sign in with {name}
        </Button>
      ))}
      <Refusal error={begin.error} />
    </div>
  );
}

function PasswordForm() {
  const navigate = useNavigate();
  const { history } = useRouter();
  const { next } = useSearch({ from: '/sign-in' });
  const queries = useQueryClient();
  const [question, setQuestion] = useState<FactorQuestion>();
  const begin = () => {
    queries.clear();
    if (invitationToken.isPending || next === undefined)
      void navigate({ to: invitationToken.isPending ? '/invitation' : '/' });
    else history.push(`/console${next}`);
  };
  const signIn = useChange(
    (credentials: SignIn) => session.signIn(credentials),
    (asked) => (asked === undefined ? begin() : setQuestion(asked)),
  );
  if (question !== undefined) return <FactorForm question={question} onDone={begin} />;
  return (
    <Panel title="Sign in">
      <Form
        submit="Sign in"
        call={signIn}
        onSubmit={({ email = '', password = '', tenant }) =>
          signIn.mutate({ email, password, ...(tenant === undefined ? {} : { tenant }) })
        }
      >
        <TextField label="E-mail address" name="email" type="email" autoComplete="username" required />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" required />
        <TextField
          label="Tenant (optional)"
          name="tenant"
          hint="Only if several accounts have your address: the slug of the tenant"
        />
      </Form>
    </Panel>
  );
}

interface FactorFormProps {
  readonly question: FactorQuestion;
  readonly onDone: () => void;
}

/** The second factor of an account that has one: one of those that the account has. */
export function FactorForm({ question: { mfaToken, methods, passkeyOptions }, onDone }: FactorFormProps) {
  const verify = useChange((answer: FactorAnswer) => session.verify(answer), onDone);
  const byPasskey = useChange(
    () => askPasskey(passkeyOptions ?? {}),
    (passkey) => verify.mutate({ mfaToken, passkey }),
  );
  return (
    <Panel title="Your second factor">
      {methods.includes('passkey') && (
        <div className="mb-4">
          <Button look="main" onClick={() => byPasskey.mutate(undefined)}>
            Use a passkey
          </Button>
          <Refusal error={byPasskey.error} />
        </div>
      )}
      <Form
        submit="Continue"
        call={verify}
        onSubmit={({ totp, recoveryCode }) =>
          verify.mutate({
            mfaToken,
            ...(totp === undefined ? {} : { totp }),
            ...(recoveryCode === undefined ? {} : { recoveryCode }),
          })
        }
      >
        {methods.includes('totp') && (
          <TextField label="Code from the app" name="totp" inputMode="numeric" autoComplete="one-time-code" />
        )}
        {methods.includes('recovery_code') && (
          <TextField label="Or a recovery code" name="recoveryCode" hint="Each code is accepted once" />
        )}
      </Form>
    </Panel>
  );
}
