import { type ComponentProps, type ReactNode, useId, useRef } from 'react';

const LOOKS = {
  plain: 'border-line bg-card text-strong hover:border-accent',
  main: 'border-accent bg-accent text-on-accent',
  danger: 'border-danger bg-danger text-on-danger',
  quiet: 'border-transparent text-accent underline-offset-2 hover:underline',
} as const;

interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled' | 'className'> {
  readonly look?: keyof typeof LOOKS;
  /** Why it cannot be used now. The button stays where the keyboard finds it, so that the reason is heard, too. */
  readonly reason?: string | undefined;
  readonly children: ReactNode;
}

const SHAPE = 'min-h-9 max-w-full rounded-md border px-3 py-1 text-sm font-medium break-words';

export function Button({ look = 'plain', reason, type = 'button', children, ...rest }: ButtonProps) {
  if (reason !== undefined) {
    const { onClick: _onClick, ...named } = rest;
    return (
      <BlockedButton {...named} reason={reason}>
        {children}
      </BlockedButton>
    );
  }
  return (
    <button {...rest} type={type} className={`${SHAPE} cursor-pointer ${LOOKS[look]}`}>
      {children}
    </button>
  );
}

/** Pixels between the reason and the edge of the window. */
const EDGE = 8;

/** Below the button, or above it where there is no room; inside of the window. */
function placeBeside(button: HTMLElement, shown: HTMLElement): void {
  const { left, bottom, top } = button.getBoundingClientRect();
  const { width, height } = shown.getBoundingClientRect();
  const isRoomBelow = bottom + height + EDGE <= window.innerHeight;
  shown.style.left = `${Math.max(EDGE, Math.min(left, window.innerWidth - width - EDGE))}px`;
  shown.style.top = `${isRoomBelow ? bottom : top - height}px`;
}

/**
 * A button with the reason why it cannot be used, which is shown while the button has the focus or the pointer: above everything, so
 * that neither a table nor a dialog cuts it off, until Escape (WCAG 2.2, 1.4.13).
 */
function BlockedButton({ reason, children, ...rest }: ButtonProps & { readonly reason: string }) {
  const id = useId();
  const text = useRef<HTMLSpanElement>(null);
  const watching = useRef<AbortController>(undefined);
  const hide = () => {
    watching.current?.abort();
    text.current?.hidePopover();
  };
  const show = ({ currentTarget: button }: { readonly currentTarget: HTMLElement }) => {
    const shown = text.current;
    if (shown === null) return;
    watching.current?.abort();
    watching.current = new AbortController();
    const { signal } = watching.current;
    shown.showPopover();
    placeBeside(button, shown);
    shown.addEventListener('mouseleave', hide, { signal });
    // What has the focus is scrolled into view after it got it.
    window.addEventListener('scroll', () => placeBeside(button, shown), { capture: true, signal });
  };
  return (
    <span className="inline-flex max-w-full">
      <button
        {...rest}
        type="button"
        aria-disabled
        aria-describedby={id}
        onMouseEnter={show}
        onMouseLeave={({ relatedTarget }) => relatedTarget === text.current || hide()}
        onFocus={show}
        onBlur={hide}
        onKeyDown={({ key }) => key === 'Escape' && hide()}
        className={`${SHAPE} cursor-not-allowed border-dashed border-line bg-page text-soft`}
      >
        {children}
      </button>
      <span
        ref={text}
        id={id}
        role="tooltip"
        popover="manual"
        className="fixed inset-auto m-0 w-56 rounded-md border border-line bg-strong p-2 text-xs text-card shadow-lg"
      >
        {reason}
      </span>
    </span>
  );
}
