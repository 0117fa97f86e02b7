import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { type FactorAnswer, type FactorQuestion, type SignIn, dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Form, Refusal, TextField } from '../components/form.js';
import { askPasskey } from '../passkeys.js';
import { offeredProvidersQuery, useChange } from '../queries.js';
import { client, session } from '../server.js';

const PASSWORD_HINT = '12 to 256 characters';

type Way = 'password' | 'invitation' | 'reset';

/** The ways into the console without a session. Tokens are pasted: an address would keep them. */
export function SignInPage() {
  const [way, setWay] = useState<Way>('password');
  const [notice, setNotice] = useState<string>();
  const back = (text?: string) => {
    setWay('password');
    setNotice(text);
  };
  return (
    <main className="mx-auto max-w-md p-4 pt-12">
      <title>Sign in · Chancery</title>
      <h1 className="mb-5 text-2xl">Chancery</h1>
      {notice !== undefined && (
        <p role="status" className="mb-4 rounded-md border border-good bg-good-tint p-3 text-good">
          {notice}
        </p>
      )}
      {way === 'password' && <Providers />}
      {way === 'password' && <PasswordForm />}
      {way === 'invitation' && <InvitationForm onDone={back} />}
      {way === 'reset' && <ResetForm onDone={back} />}
      <div className="mt-6 flex flex-wrap gap-2">
        {way === 'password' ? (
          <>
            <Button look="quiet" onClick={() => setWay('invitation')}>
              I have an invitation
            </Button>
            <Button look="quiet" onClick={() => setWay('reset')}>
              I have a token for a new password
            </Button>
          </>
        ) : (
          <Button look="quiet" onClick={() => back()}>
            Sign in with a password
          </Button>
        )}
      </div>
    </main>
  );
}

const Panel = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <section className="rounded-lg border border-line bg-card p-5">
    <h2 className="mb-4 text-lg">{title}</h2>
    {children}
  </section>
);

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
  const queries = useQueryClient();
  const [question, setQuestion] = useState<FactorQuestion>();
  const begin = () => {
    queries.clear();
    void navigate({ to: '/' });
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
          hint="Only where several accounts have your address: the name in the address of the tenant"
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
          <TextField label="Code of the app" name="totp" inputMode="numeric" autoComplete="one-time-code" />
        )}
        {methods.includes('recovery_code') && (
          <TextField label="Or a recovery code" name="recoveryCode" hint="Each is accepted once" />
        )}
      </Form>
    </Panel>
  );
}

interface Done {
  readonly onDone: (notice: string) => void;
}

function InvitationForm({ onDone }: Done) {
  const accept = useChange(
    (body: { token: string; name: string; password: string }) =>
      dataOf(client.POST('/v1/invitations/accept', { body })),
    ({ email, slug }) => onDone(`${email} is a member of ${slug} now. Sign in with the new password.`),
  );
  return (
    <Panel title="Accept an invitation">
      <Form
        submit="Accept"
        call={accept}
        onSubmit={({ token = '', name = '', password = '' }) => accept.mutate({ token, name, password })}
      >
        <TextField label="Token of the invitation" name="token" hint="cinv_…" required />
        <TextField label="Your name" name="name" autoComplete="name" required />
        <TextField
          label="A password that you choose"
          name="password"
          type="password"
          autoComplete="new-password"
          hint={PASSWORD_HINT}
          required
        />
      </Form>
    </Panel>
  );
}

function ResetForm({ onDone }: Done) {
  const complete = useChange(
    (body: { token: string; password: string }) => dataOf(client.POST('/v1/auth/reset/complete', { body })),
    () => onDone('The new password holds. All sessions of the account have ended.'),
  );
  const ask = useChange(
    (body: { email: string; tenant?: string }) => dataOf(client.POST('/v1/auth/reset', { body })),
    () => onDone('If there is such an account, a token is sent to its address.'),
  );
  return (
    <Panel title="Choose a new password">
      <details className="mb-4">
        <summary>Get a token by e-mail</summary>
        <Form
          submit="Send a token"
          call={ask}
          onSubmit={({ email = '', tenant }) => ask.mutate({ email, ...(tenant === undefined ? {} : { tenant }) })}
        >
          <TextField label="E-mail address" name="email" type="email" autoComplete="username" required />
          <TextField label="Tenant (optional)" name="tenant" hint="Only where several accounts have your address" />
        </Form>
      </details>
      <Form
        submit="Set the password"
        call={complete}
        onSubmit={({ token = '', password = '' }) => complete.mutate({ token, password })}
      >
        <TextField label="Token of the reset" name="token" hint="crst_…" required />
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
  );
}
