import {
  type ComponentProps,
  type ReactNode,
  type SubmitEvent,
  createContext,
  useContext,
  useEffect,
  useId,
  useRef,
} from 'react';
import { ChanceryError } from '#sdk';

import { type Fault, faultsIn, faultsOf, refusalText } from '../refusal.js';
import { Button } from './button.js';

const FIELD = 'block w-full min-h-9 rounded-md border border-soft bg-card px-2 py-1 text-strong';

/** What the server asks of a password. */
export const PASSWORD_HINT = '12 to 256 characters';

interface Labelled {
  readonly label: string;
  readonly hint?: string | undefined;
}

/** What the server found fault with in the form around, for the fields that are concerned. */
const Faults = createContext<readonly Fault[]>([]);

/** What belongs to a field: its identifier, what is wrong with it, and what describes it. */
function useField({ name, hint }: { readonly name?: string | undefined; readonly hint?: string | undefined }) {
  const id = useId();
  const faults = faultsOf(useContext(Faults), name);
  const described = [...(faults.length > 0 ? [`${id}-fault`] : []), ...(hint === undefined ? [] : [`${id}-hint`])];
  return {
    id,
    faults,
    attributes: {
      id,
      'aria-invalid': faults.length > 0 || undefined,
      'aria-describedby': described.length === 0 ? undefined : described.join(' '),
    },
  };
}

interface DescriptionProps {
  readonly id: string;
  readonly hint: string | undefined;
  readonly faults: readonly string[];
}

/** Below a field: what is wrong with it (WCAG 2.2, 3.3.1), and what to fill in. */
const Description = ({ id, hint, faults }: DescriptionProps) => (
  <>
    {faults.length > 0 && (
      <p id={`${id}-fault`} className="mt-1 text-sm text-danger">
        {faults.join(', ')}
      </p>
    )}
    {hint !== undefined && (
      <p id={`${id}-hint`} className="mt-1 text-xs text-soft">
        {hint}
      </p>
    )}
  </>
);

function Label({ label, children, ...description }: DescriptionProps & { label: string; children: ReactNode }) {
  return (
    <div className="mb-3">
      <label htmlFor={description.id} className="mb-1 block text-sm font-medium break-words text-strong">
        {label}
      </label>
      {children}
      <Description {...description} />
    </div>
  );
}

export function TextField({ label, hint, ...rest }: Labelled & ComponentProps<'input'>) {
  const { attributes, ...field } = useField({ name: rest.name, hint });
  return (
    <Label {...field} label={label} hint={hint}>
      <input autoComplete="off" spellCheck={false} {...rest} {...attributes} className={FIELD} />
    </Label>
  );
}

export function TextArea({ label, hint, ...rest }: Labelled & ComponentProps<'textarea'>) {
  const { attributes, ...field } = useField({ name: rest.name, hint });
  return (
    <Label {...field} label={label} hint={hint}>
      <textarea rows={6} spellCheck={false} {...rest} {...attributes} className={`${FIELD} font-mono text-[13px]`} />
    </Label>
  );
}

interface SelectOption {
  readonly value: string;
  readonly label: string;
}

export function SelectField({
  label,
  hint,
  options,
  ...rest
}: Labelled & ComponentProps<'select'> & { readonly options: readonly SelectOption[] }) {
  const { attributes, ...field } = useField({ name: rest.name, hint });
  return (
    <Label {...field} label={label} hint={hint}>
      <select {...rest} {...attributes} className={FIELD}>
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
  const { attributes, ...field } = useField({ name: rest.name, hint });
  return (
    <div className="mb-3 flex items-start gap-2">
      <input {...rest} {...attributes} type="checkbox" className="mt-0.5 size-6 shrink-0 accent-accent" />
      <div className="min-w-0">
        <label htmlFor={field.id} className="break-words">
          {label}
        </label>
        <Description {...field} hint={hint} />
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
  const form = useRef<HTMLFormElement>(null);
  const error = call?.error;
  useEffect(() => {
    if (error instanceof Error) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [error]);
  return (
    <form ref={form} onSubmit={submitted}>
      <Faults value={faultsIn(error)}>{children}</Faults>
      <Refusal error={call?.error} />
      <div className="mt-4 flex flex-wrap gap-2">
        <Button
          type="submit"
          look={danger ? 'danger' : 'main'}
          reason={call?.isPending ? 'The server has not responded yet' : reason}
        >
          {submit}
        </Button>
        {onCancel !== undefined && <Button onClick={onCancel}>Cancel</Button>}
      </div>
    </form>
  );
}
