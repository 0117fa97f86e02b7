import { type ComponentProps, type ReactNode, type SubmitEvent, useId } from 'react';
import { ChanceryError } from '#sdk';

import { refusalText } from '../refusal.js';
import { Button } from './button.js';

const FIELD = 'block w-full min-h-9 rounded-md border border-soft bg-card px-2 py-1 text-strong';

/** What the server asks of a password. */
export const PASSWORD_HINT = '12 to 256 characters';

interface Labelled {
  readonly label: string;
  readonly hint?: string | undefined;
}

function Label({ id, label, hint, children }: Labelled & { readonly id: string; readonly children: ReactNode }) {
  return (
    <div className="mb-3">
      <label htmlFor={id} className="mb-1 block text-sm font-medium text-strong">
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1 text-xs text-soft">
          {hint}
        </p>
      )}
    </div>
  );
}

export function TextField({ label, hint, ...rest }: Labelled & ComponentProps<'input'>) {
  const id = useId();
  return (
    <Label id={id} label={label} hint={hint}>
      <input
        autoComplete="off"
        spellCheck={false}
        {...rest}
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className={FIELD}
      />
    </Label>
  );
}

export function TextArea({ label, hint, ...rest }: Labelled & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <Label id={id} label={label} hint={hint}>
      <textarea
        rows={6}
        spellCheck={false}
        {...rest}
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className={`${FIELD} font-mono text-[13px]`}
      />
    </Label>
  );
}

export interface SelectOption {
  readonly value: string;
  readonly label: string;
}

export function SelectField({
  label,
  hint,
  options,
  ...rest
}: Labelled & ComponentProps<'select'> & { readonly options: readonly SelectOption[] }) {
  const id = useId();
  return (
    <Label id={id} label={label} hint={hint}>
      <select {...rest} id={id} aria-describedby={hint === undefined ? undefined : `${id}-hint`} className={FIELD}>
        {options.map(({ value, label: text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Label>
  );
}

export function CheckField({ label, hint, ...rest }: Labelled & ComponentProps<'input'>) {
  const id = useId();
  return (
    <div className="mb-3 flex items-start gap-2">
      <input
        {...rest}
        id={id}
        type="checkbox"
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className="mt-1 size-4 accent-accent"
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && (
          <p id={`${id}-hint`} className="mt-1 text-xs text-soft">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

interface RefusalProps {
  readonly error: unknown;
  /** What can be done about it. */
  readonly children?: ReactNode;
}

/** What the server refused, with each member that it found fault with. */
export function Refusal({ error, children }: RefusalProps) {
  if (error === null || error === undefined) return null;
  const problem = error instanceof ChanceryError ? error.problem : undefined;
  return (
    <div role="alert" className="my-3 rounded-md border border-danger bg-danger-tint p-3 text-sm text-danger">
      <p className="font-medium">{refusalText(error)}</p>
      {problem?.errors !== undefined && (
        <ul className="mt-1 list-disc pl-5">
          {problem.errors.map(({ pointer, detail }) => (
            <li key={`${pointer} ${detail}`}>
              {pointer === '' ? '' : <code>{pointer}</code>} {detail}
            </li>
          ))}
        </ul>
      )}
      {problem !== undefined && (
        <p className="mt-1 text-xs">
          <code>{problem.code}</code>, request <code>{problem.requestId}</code>
        </p>
      )}
      {children}
    </div>
  );
}

export interface FormProps {
  /** The fields by their names; fields that were left empty are not in it. */
  readonly onSubmit: (values: Readonly<Record<string, string>>) => void;
  readonly submit: string;
  /** The call to the server that it makes; absent where it makes none. */
  readonly call?: { readonly isPending: boolean; readonly error: unknown };
  readonly onCancel?: () => void;
  readonly danger?: boolean;
  readonly reason?: string | undefined;
  readonly children?: ReactNode;
}

/** A form whose submission goes to the API and nowhere else. */
export function Form({ onSubmit, submit, call, onCancel, danger, reason, children }: FormProps) {
  const submitted = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const entries = [...new FormData(event.currentTarget)].flatMap(([name, value]) =>
      // A form sends lines with CRLF (HTML §4.10.21.4); what was pasted had LF, and may be signed.
      typeof value === 'string' && value !== '' ? [[name, value.replaceAll('\r\n', '\n')] as const] : [],
    );
    onSubmit(Object.fromEntries(entries));
  };
  return (
    <form onSubmit={submitted}>
      {children}
      <Refusal error={call?.error} />
      <div className="mt-4 flex flex-wrap gap-2">
        <Button
          type="submit"
          look={danger ? 'danger' : 'main'}
          reason={call?.isPending ? 'The server has not answered yet' : reason}
        >
          {submit}
        </Button>
        {onCancel !== undefined && <Button onClick={onCancel}>Cancel</Button>}
      </div>
    </form>
  );
}
