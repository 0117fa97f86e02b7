import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { FactorQuestion, ProviderAnswer } from '#sdk';

import { Refusal } from '../components/form.js';
import { providerAnswerIn } from '../provider-answer.js';
import { handOver } from '../provider-window.js';
import { useChange } from '../queries.js';
import { session } from '../server.js';
import { FactorForm } from './sign-in.js';

/** Where an identity provider sends the browser back. Its answer is accepted once. */
export function SignInCallbackPage() {
  const { providerId } = useParams({ from: '/sign-in/callback/$providerId' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [question, setQuestion] = useState<FactorQuestion>();
  /** Whether another window waited for the answer, for a step-up. */
  const [handedOver, setHandedOver] = useState(false);
  const sent = useRef(false);
  const begin = () => {
    queries.clear();
    void navigate({ to: '/' });
  };
  const complete = useChange(
    (answer: ProviderAnswer) => session.completeAtProvider(answer),
    (asked) => (asked === undefined ? begin() : setQuestion(asked)),
  );
  useEffect(() => {
    if (sent.current) return;
    sent.current = true;
    const answer = providerAnswerIn(providerId, window.location.search);
    // The code is used up: it has no place in the address and in what the browser remembers.
    window.history.replaceState(null, '', window.location.pathname);
    void handOver(answer).then((taken) => (taken ? setHandedOver(true) : complete.mutate(answer)));
  }, [complete, providerId]);
  useEffect(() => {
    if (handedOver) window.close();
  }, [handedOver]);
  return (
    <main className="mx-auto max-w-md p-4 pt-12">
      <title>Sign in · Chancery</title>
      <h1 className="mb-5 text-2xl">Chancery</h1>
      {question !== undefined && <FactorForm question={question} onDone={begin} />}
      {handedOver && <p role="status">You have signed in again. Close this window, and continue where you were.</p>}
      {complete.isPending && <p role="status">Signing in…</p>}
      <Refusal error={complete.error} />
      {complete.error && (
        <p className="mt-4">
          <Link to="/sign-in">Back to the sign-in page</Link>
        </p>
      )}
    </main>
  );
}
