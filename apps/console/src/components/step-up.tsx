import { useInfiniteQuery, useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { now } from '../clock.js';
import { factorsQuery, itemsOf, selfQuery, sessionsQuery } from '../queries.js';
import { type StepUpMethod, stepUpMethods } from '../step-up-methods.js';
import { type StepUp, type StepUpHeader, stepUpBy } from '../step-up.js';
import { Dialog } from './dialog.js';
import { Form, type FormProps, Refusal, SelectField, TextField } from './form.js';

const METHODS: Readonly<Record<StepUpMethod, string>> = {
  passkey: 'A passkey',
  totp: 'A code from the app',
  recovery_code: 'A recovery code',
  provider: 'A new sign-in at the identity provider',
  password: 'The password',
};

/** The field of what is typed as a proof. */
const PROOF = 'proof';

type Values = Readonly<Record<string, string>>;

interface StepUpFormProps extends Omit<FormProps, 'onSubmit'> {
  /** The fields by their names, without those of the proof, and the header that says that the person gave one. */
  readonly onSubmit: (values: Values, header: StepUpHeader) => void;
  /** Whether the call asks for a proof at all, as it does by default. */
  readonly needed?: boolean;
  /** Whether the call does not accept the password of an account with a second factor. */
  readonly secondFactorOnly?: boolean;
  readonly children?: ReactNode;
}

/**
 * A form for what asks for a fresh proof of the person who acts: a passkey, a code, or the password. A proof is asked for once,
 * also where the call is refused and sent again, as long as the server accepts it.
 */
export function StepUpForm({ needed = true, secondFactorOnly = false, ...form }: StepUpFormProps) {
  if (needed) return <ProvedForm {...form} secondFactorOnly={secondFactorOnly} />;
  return <Form {...form} onSubmit={(values) => form.onSubmit(values, {})} />;
}

interface StepUpDialogProps extends Omit<StepUpFormProps, 'call' | 'needed' | 'onCancel' | 'onSubmit'> {
  readonly title: string;
  readonly onClose: () => void;
  /** What is done once the person gave a proof. */
  readonly call: NonNullable<FormProps['call']> & { readonly mutate: (header: StepUpHeader) => void };
}

/** A dialog that asks for a proof and nothing else, as what deletes something does. */
export const StepUpDialog = ({ title, onClose, call, ...form }: StepUpDialogProps) => (
  <Dialog title={title} onClose={onClose}>
    <StepUpForm danger {...form} call={call} onCancel={onClose} onSubmit={(_, header) => call.mutate(header)} />
  </Dialog>
);

type ProvedFormProps = Omit<StepUpFormProps, 'needed'> & { readonly secondFactorOnly: boolean };

function ProvedForm({ onSubmit, call, secondFactorOnly, children, ...form }: ProvedFormProps) {
  const { data: self } = useSuspenseQuery(selfQuery);
  const factors = useQuery({ ...factorsQuery, enabled: self.user.secondFactor });
  const sessions = useInfiniteQuery(sessionsQuery);
  const session = itemsOf(sessions).data?.find(({ current }) => current);
  const byProvider = session !== undefined && session.identityProviderId !== null;
  const methods = stepUpMethods({ factors: factors.data, byProvider, secondFactorOnly });
  const [chosen, setChosen] = useState<StepUpMethod>();
  const [given, setGiven] = useState<StepUp & { readonly provedAt: number }>();
  const method = chosen !== undefined && methods.includes(chosen) ? chosen : methods[0]!;
  const prove = useMutation({ mutationFn: (typed: string) => stepUpBy(method, typed) });
  const counts =
    given !== undefined &&
    given.provedAt + given.expiresInSeconds * 1_000 > now() &&
    (!secondFactorOnly || !['password', 'provider'].includes(given.method))
      ? given
      : undefined;

  const submitted = async (values: Values) => {
    const stepUp = counts ?? { ...(await prove.mutateAsync(values[PROOF] ?? '')), provedAt: now() };
    setGiven(stepUp);
    onSubmit(Object.fromEntries(Object.entries(values).filter(([name]) => name !== PROOF)), stepUp.header);
  };
  const reading = sessions.isPending || (self.user.secondFactor && factors.data === undefined);
  return (
    <Form
      {...form}
      call={{
        isPending: reading || prove.isPending || (call?.isPending ?? false),
        error: prove.error ?? call?.error,
      }}
      // What the step-up was refused for is shown by the form.
      onSubmit={(values) => void submitted(values).catch(() => undefined)}
    >
      {children}
      <Refusal error={factors.error} />
      {counts === undefined ? (
        !reading && <ProofFields methods={methods} method={method} onMethod={setChosen} />
      ) : (
        <p role="status" className="mb-3 text-sm text-soft">
          Your identity is confirmed for five minutes.
        </p>
      )}
    </Form>
  );
}

interface ProofFieldsProps {
  readonly methods: readonly StepUpMethod[];
  readonly method: StepUpMethod;
  readonly onMethod: (method: StepUpMethod) => void;
}

function ProofFields({ methods, method, onMethod }: ProofFieldsProps) {
  return (
    <>
      {methods.length > 1 && (
        <SelectField
          label="Confirm your identity with"
          value={method}
          onChange={({ target }) => onMethod(target.value as StepUpMethod)}
          options={methods.map((value) => ({ value, label: METHODS[value] }))}
        />
      )}
      {method === 'passkey' && <p className="mb-3 text-sm text-soft">Next, the browser asks for the passkey.</p>}
      {method === 'provider' && (
        <p className="mb-3 text-sm text-soft">Next, sign in at your identity provider in a new window.</p>
      )}
      {method === 'totp' && (
        <TextField
          key="totp"
          label="Code from the app"
          name={PROOF}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
        />
      )}
      {method === 'recovery_code' && (
        <TextField key="recovery" label="Recovery code" name={PROOF} hint="Each code is accepted once" required />
      )}
      {method === 'password' && (
        <TextField
          key="password"
          label="Your password"
          name={PROOF}
          type="password"
          autoComplete="current-password"
          required
        />
      )}
    </>
  );
}
