import { useEffect, useState } from 'react';

import { Button } from './button.js';
import { useHeldDialog } from './dialog.js';

/** How long a secret stays visible. */
const VISIBLE_MILLISECONDS = 30_000;
const COPIED_MILLISECONDS = 2_000;

/** @throws TypeError without https, where browsers have no clipboard; DOMException where the person forbids it */
const copyText = async (text: string): Promise<void> => navigator.clipboard.writeText(text);

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (outcome !== 'copied') return undefined;
    const timer = setTimeout(() => setOutcome(undefined), COPIED_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = () =>
    void copyText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  return (
    <>
      <Button onClick={copy} aria-label={`Copy ${what}`}>
        {outcome === 'copied' ? 'Copied' : 'Copy'}
      </Button>
      <span role="status" className={outcome === 'failed' ? 'text-sm text-danger' : 'sr-only'}>
        {outcome === 'copied' && `${what} was copied`}
        {outcome === 'failed' && 'The browser did not copy it: select the text instead'}
      </span>
    </>
  );
}

const Eye = ({ open }: { readonly open: boolean }) => (
  <svg aria-hidden="true" viewBox="0 0 24 24" className="size-5 fill-none stroke-current stroke-2">
    <path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12Z" />
    <circle cx="12" cy="12" r="3" />
    {open && <path d="M4 20 20 4" />}
  </svg>
);

interface MaskedSecretProps {
  readonly what: string;
  readonly masked: string;
  /** Why it may not be shown. */
  readonly reason: string | undefined;
  /** Asks the server for the secret, which records it. */
  readonly reveal: () => Promise<string>;
  readonly onError: (error: unknown) => void;
}

/** A secret behind its mask. Shown, it hides again after half a minute, and with the page that it is on. */
export function MaskedSecret({ what, masked, reason, reveal, onError }: MaskedSecretProps) {
  const [secret, setSecret] = useState<string>();
  useEffect(() => {
    if (secret === undefined) return undefined;
    const hide = () => setSecret(undefined);
    const timer = setTimeout(hide, VISIBLE_MILLISECONDS);
    document.addEventListener('visibilitychange', hide);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', hide);
    };
  }, [secret]);
  const toggle = () => {
    if (secret !== undefined) setSecret(undefined);
    else reveal().then(setSecret, onError);
  };
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-2">
      <code className="min-w-0 text-strong" data-secret={secret === undefined ? 'masked' : 'visible'}>
        {secret ?? masked}
      </code>
      <Button onClick={toggle} reason={reason} aria-label={`${secret === undefined ? 'Show' : 'Hide'} ${what}`}>
        <Eye open={secret !== undefined} />
      </Button>
      {secret !== undefined && <CopyButton text={secret} what={what} />}
    </div>
  );
}

/** A secret that is in this one answer, for the person to store. */
export function NewSecret({ what, secret }: { readonly what: string; readonly secret: string }) {
  useHeldDialog();
  return (
    <div className="mb-3">
      <p className="mb-1 text-sm font-medium text-strong">{what}</p>
      <div className="flex min-w-0 flex-wrap items-center gap-2 rounded-md border border-line bg-page p-2">
        <code className="min-w-0">{secret}</code>
        <CopyButton text={secret} what={what} />
      </div>
    </div>
  );
}
