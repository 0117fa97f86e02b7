import { type ComponentProps, type ReactNode, useId } from 'react';

const LOOKS = {
  plain: 'border-line bg-card text-strong hover:border-accent',
  main: 'border-accent bg-accent text-on-accent',
  danger: 'border-danger bg-danger text-on-danger',
  quiet: 'border-transparent text-accent underline-offset-2 hover:underline',
} as const;

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled' | 'className'> {
  readonly look?: keyof typeof LOOKS;
  /** Why it cannot be used now. The button stays where the keyboard finds it, so that the reason is heard, too. */
  readonly reason?: string | undefined;
  readonly children: ReactNode;
}

export function Button({ look = 'plain', reason, onClick, type = 'button', children, ...rest }: ButtonProps) {
  const id = useId();
  const blocked = reason !== undefined;
  return (
    <span className="group relative inline-flex">
      <button
        {...rest}
        type={blocked ? 'button' : type}
        onClick={blocked ? undefined : onClick}
        aria-disabled={blocked || undefined}
        aria-describedby={blocked ? id : undefined}
        className={`min-h-9 rounded-md border px-3 py-1 text-sm font-medium whitespace-nowrap ${
          blocked ? 'cursor-not-allowed border-dashed border-line bg-page text-soft' : `cursor-pointer ${LOOKS[look]}`
        }`}
      >
        {children}
      </button>
      {blocked && (
        <span
          id={id}
          role="tooltip"
          className="pointer-events-none absolute hidden top-full left-0 z-20 mt-1 w-56 rounded-md border border-line bg-strong p-2 text-xs text-card shadow-lg group-focus-within:block group-hover:block"
        >
          {reason}
        </span>
      )}
    </span>
  );
}
