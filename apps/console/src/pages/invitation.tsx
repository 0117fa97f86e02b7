import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Form, PASSWORD_HINT, TextField } from '../components/form.js';
import { Notice, OutsidePage, Panel } from '../components/outside.js';
import { type Schemas, selfQuery, useChange } from '../queries.js';
import { client, session, signOut } from '../server.js';
import { invitationToken } from '../token-of-address.js';

const CONSENT = 'Its members can then see your name and address, and its history records your actions there.';

/** Where an invited person consents: with the session of their account, or by choosing a name and a password. */
export function InvitationPage() {
  const [token] = useState(invitationToken.current);
  const [accepted, setAccepted] = useState<Schemas['AcceptedMembership']>();
  const accept = useChange(
    (body: Schemas['InvitationAcceptance']) => dataOf(client.POST('/v1/invitations/accept', { body })),
    (membership) => {
      invitationToken.forget();
      setAccepted(membership);
    },
  );
  return (
    <OutsidePage title="Accept an invitation">
      {accepted !== undefined ? (
        <Accepted membership={accepted} />
      ) : (
        <Panel title="Accept an invitation">
          {session.signedIn ? (
            <AcceptAsMyself token={token} accept={accept} />
          ) : (
            <>
              <Form
                submit="Accept"
                call={accept}
                onSubmit={({ token: given = '', name = '', password = '' }) =>
                  accept.mutate({ token: given, name, password })
                }
              >
                <p className="mb-3">You become a member of the tenant that invited you. {CONSENT}</p>
                <TokenField token={token} />
                <TextField label="Your name" name="name" autoComplete="name" required />
                <TextField
                  label="Choose a password"
                  name="password"
                  type="password"
                  autoComplete="new-password"
                  hint={PASSWORD_HINT}
                  required
                />
              </Form>
              <p className="mt-5 text-sm">
                Do you have an account with this address? <Link to="/sign-in">Sign in first</Link> and keep your
                password.
              </p>
            </>
          )}
        </Panel>
      )}
    </OutsidePage>
  );
}

const TokenField = ({ token }: { readonly token: string }) => (
  <TextField label="Token of the invitation" name="token" hint="cinv_…" defaultValue={token} required />
);

interface AcceptAsMyselfProps {
  readonly token: string;
  readonly accept: { readonly isPending: boolean; readonly error: unknown; mutate(body: { token: string }): void };
}

function AcceptAsMyself({ token, accept }: AcceptAsMyselfProps) {
  const { data: self } = useQuery(selfQuery);
  return (
    <>
      <Form submit="Accept" call={accept} onSubmit={({ token: given = '' }) => accept.mutate({ token: given })}>
        <p className="mb-3">
          You become a member of the tenant that invited you, as <strong>{self?.user.email}</strong>. {CONSENT}
        </p>
        <TokenField token={token} />
      </Form>
      <div className="mt-5 flex flex-wrap items-center gap-2 text-sm">
        Was someone else invited?
        <Button onClick={() => void signOut()}>Sign out</Button>
      </div>
    </>
  );
}

function Accepted({ membership: { email, slug } }: { readonly membership: Schemas['AcceptedMembership'] }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const enter = async () => {
    await queries.fetchQuery({ ...selfQuery, staleTime: 0 });
    await navigate({ to: '/t/$tenant', params: { tenant: slug } });
  };
  return (
    <>
      <Notice>
        {email} is a member of {slug} now.
      </Notice>
      {session.signedIn ? (
        <Button look="main" onClick={() => void enter()}>
          Open the tenant
        </Button>
      ) : (
        <Link to="/sign-in" search={{ tenant: slug }}>
          Sign in with the new password
        </Link>
      )}
    </>
  );
}
