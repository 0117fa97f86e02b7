import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Form, TextField } from '../components/form.js';
import { Card, Empty, Loaded } from '../components/page.js';
import { QrCode } from '../components/qr-code.js';
import { CopyButton, NewSecret } from '../components/secret.js';
import { StepUpDialog, StepUpForm } from '../components/step-up.js';
import { Table } from '../components/table.js';
import { Time } from '../components/time.js';
import { saveFile } from '../download.js';
import { createPasskey, passkeysUnavailable } from '../passkeys.js';
import { type Schemas, factorsQuery, selfQuery, useChange } from '../queries.js';
import { client } from '../server.js';
import type { StepUpHeader } from '../step-up.js';

type Factor = Schemas['Factor'];
type Kind = Factor['kind'];

const KINDS: Readonly<Record<Kind, string>> = { totp: 'Codes of an app', passkey: 'Passkey' };

type DialogOfFactors =
  | { readonly kind: 'enrol'; readonly factor: Kind }
  | { readonly kind: 'remove'; readonly factor: Factor }
  | { readonly kind: 'renew-codes' }
  | { readonly kind: 'codes'; readonly codes: readonly string[] };

interface SecondFactorsProps {
  /** Called when a factor was enrolled, and its recovery codes were seen. */
  readonly onEnrolled?: () => void;
}

/** The second factors of the person, and their recovery codes. */
export function SecondFactors({ onEnrolled }: SecondFactorsProps) {
  const queries = useQueryClient();
  const { data: self } = useSuspenseQuery(selfQuery);
  const [dialog, setDialog] = useState<DialogOfFactors>();
  const factors = useQuery(factorsQuery);
  // What is shown once stays until it was seen: only then everything is read again.
  const enrolled = async (codes: readonly string[] | undefined) => {
    if (codes !== undefined) return setDialog({ kind: 'codes', codes });
    setDialog(undefined);
    await queries.invalidateQueries();
    onEnrolled?.();
  };
  const close = () => setDialog(undefined);
  return (
    <Card
      title="Second factors"
      actions={
        <>
          <Button onClick={() => setDialog({ kind: 'enrol', factor: 'totp' })}>Add an app</Button>
          <Button reason={passkeysUnavailable()} onClick={() => setDialog({ kind: 'enrol', factor: 'passkey' })}>
            Add a passkey
          </Button>
          <Button
            reason={self.user.secondFactor ? undefined : 'Recovery codes come with the first second factor'}
            onClick={() => setDialog({ kind: 'renew-codes' })}
          >
            New recovery codes
          </Button>
        </>
      }
    >
      <Loaded query={factors}>
        {({ items, recoveryCodesLeft }) =>
          items.length === 0 ? (
            <Empty>There is none yet. With a second factor, a stolen password is not enough to sign in as you.</Empty>
          ) : (
            <>
              <Table
                label="Second factors"
                rows={items}
                keyOf={({ id }) => id}
                columns={[
                  { name: 'Name', cell: ({ name }) => name },
                  { name: 'Kind', cell: ({ kind }) => KINDS[kind] },
                  { name: 'Enrolled', cell: ({ createdAt }) => <Time at={createdAt} /> },
                  { name: 'Last used', cell: ({ lastUsedAt }) => <Time at={lastUsedAt} /> },
                  {
                    name: 'Action',
                    cell: (factor) => (
                      <Button
                        aria-label={`Remove ${factor.name}`}
                        onClick={() => setDialog({ kind: 'remove', factor })}
                      >
                        Remove
                      </Button>
                    ),
                  },
                ]}
              />
              <p className={`mt-3 text-sm ${recoveryCodesLeft < 3 ? 'text-warning' : 'text-soft'}`}>
                Recovery codes that were not used: {recoveryCodesLeft}.
              </p>
            </>
          )
        }
      </Loaded>
      {dialog?.kind === 'enrol' && (
        <EnrolFactor kind={dialog.factor} onClose={close} onEnrolled={(codes) => void enrolled(codes)} />
      )}
      {dialog?.kind === 'remove' && (
        <RemoveFactor factor={dialog.factor} isLast={factors.data?.items.length === 1} onClose={close} />
      )}
      {dialog?.kind === 'renew-codes' && (
        <RenewCodes onClose={close} onRenewed={(codes) => setDialog({ kind: 'codes', codes })} />
      )}
      {dialog?.kind === 'codes' && (
        <RecoveryCodes email={self.user.email} codes={dialog.codes} onClose={() => void enrolled(undefined)} />
      )}
    </Card>
  );
}

interface EnrolFactorProps {
  readonly kind: Kind;
  readonly onClose: () => void;
  /** @param codes the recovery codes that come with the first factor */
  readonly onEnrolled: (codes: readonly string[] | undefined) => void;
}

/** First a name and a proof of the person, then what the new factor itself answers. */
function EnrolFactor({ kind, onClose, onEnrolled }: EnrolFactorProps) {
  const begin = useMutation({
    mutationFn: ({ name, header }: { readonly name: string; readonly header: StepUpHeader }) =>
      dataOf(client.POST('/v1/auth/factors', { params: { header }, body: { kind, name } })),
  });
  const confirm = useMutation({
    mutationFn: ({ factorId, answer }: { readonly factorId: string; readonly answer: Schemas['FactorConfirmation'] }) =>
      dataOf(client.POST('/v1/auth/factors/{factorId}/confirm', { params: { path: { factorId } }, body: answer })),
    onSuccess: ({ recoveryCodes }) => onEnrolled(recoveryCodes),
  });
  const create = useMutation({
    mutationFn: async ({ factor, passkey }: Schemas['EnrolledFactor']) =>
      confirm.mutateAsync({ factorId: factor.id, answer: { passkey: await createPasskey(passkey ?? {}) } }),
  });
  const { data: begun } = begin;
  return (
    <Dialog title={kind === 'totp' ? 'Add an app' : 'Add a passkey'} onClose={onClose}>
      {begun === undefined && (
        <StepUpForm
          secondFactorOnly
          submit="Continue"
          call={begin}
          onCancel={onClose}
          onSubmit={({ name = '' }, header) => begin.mutate({ name, header })}
        >
          <TextField
            label="Name"
            name="name"
            hint={kind === 'totp' ? 'A name to recognise the device, such as phone' : 'Such as laptop or security key'}
            maxLength={100}
            required
          />
        </StepUpForm>
      )}
      {begun?.totp !== undefined && (
        <Form
          submit="Confirm"
          call={confirm}
          onCancel={onClose}
          onSubmit={({ totp = '' }) => confirm.mutate({ factorId: begun.factor.id, answer: { totp } })}
        >
          <p className="mb-3">
            Scan this with the app, or <a href={begun.totp.uri}>open it in an app of this device</a>, or enter the
            secret.
          </p>
          <QrCode text={begun.totp.uri} label="The secret as a QR code" />
          <NewSecret what="Secret" secret={begun.totp.secret} />
          <TextField
            label="Code that the app shows"
            name="totp"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
          />
        </Form>
      )}
      {begun?.passkey !== undefined && (
        <Form submit="Create the passkey" call={create} onCancel={onClose} onSubmit={() => create.mutate(begun)}>
          <p>The browser asks for your finger, face or PIN, or for a security key.</p>
        </Form>
      )}
    </Dialog>
  );
}

interface RemoveFactorProps {
  readonly factor: Factor;
  readonly isLast: boolean;
  readonly onClose: () => void;
}

function RemoveFactor({ factor, isLast, onClose }: RemoveFactorProps) {
  const remove = useChange(
    (header: StepUpHeader) =>
      dataOf(
        client.DELETE('/v1/auth/factors/{factorId}', { params: { path: { factorId: factor.id }, header }, body: {} }),
      ),
    onClose,
  );
  return (
    <StepUpDialog
      title={`Remove ${factor.name}?`}
      onClose={onClose}
      secondFactorOnly
      submit="Yes, Remove"
      call={remove}
    >
      <p className="mb-3">
        {isLast
          ? 'It is the last one: its recovery codes are deleted, and the password alone is enough to sign in.'
          : 'It is no longer accepted.'}
      </p>
    </StepUpDialog>
  );
}

interface RenewCodesProps {
  readonly onClose: () => void;
  readonly onRenewed: (codes: readonly string[]) => void;
}

function RenewCodes({ onClose, onRenewed }: RenewCodesProps) {
  const renew = useMutation({
    mutationFn: (header: StepUpHeader) =>
      dataOf(client.POST('/v1/auth/factors/recovery-codes', { params: { header }, body: {} })),
    onSuccess: ({ recoveryCodes }) => onRenewed(recoveryCodes),
  });
  return (
    <StepUpDialog
      title="New recovery codes"
      onClose={onClose}
      secondFactorOnly
      submit="Create the codes"
      danger={false}
      call={renew}
    >
      <p className="mb-3">Ten new codes replace the previous ones, which are no longer accepted.</p>
    </StepUpDialog>
  );
}

interface RecoveryCodesProps {
  readonly email: string;
  readonly codes: readonly string[];
  readonly onClose: () => void;
}

function RecoveryCodes({ email, codes, onClose }: RecoveryCodesProps) {
  const text = codes.join('\n');
  return (
    <Dialog title="Your recovery codes" onClose={onClose}>
      <p className="mb-3">
        They are shown only once. Each replaces a lost factor once: store them apart from the factor.
      </p>
      <ul
        aria-label="Recovery codes"
        className="mb-3 grid gap-1 rounded-md border border-line bg-page p-2 sm:grid-cols-2"
      >
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        <Button look="main" onClick={onClose}>
          I have stored them
        </Button>
        <Button onClick={() => saveFile('chancery-recovery-codes.txt', `Chancery, ${email}\n\n${text}\n`)}>
          Download
        </Button>
        <CopyButton text={text} what="recovery codes" />
      </div>
    </Dialog>
  );
}
