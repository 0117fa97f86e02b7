import { Dialog as Base } from '@base-ui/react/dialog';
import { type ReactNode, createContext, useCallback, useContext, useEffect, useRef } from 'react';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Tells the dialog around that it shows what is shown once; the function that is returned takes it back. */
const Holding = createContext<() => () => void>(() => () => undefined);

/** What is shown this once is not lost by a key: the dialog around is left by its button only. */
export function useHeldDialog(): void {
  const hold = useContext(Holding);
  useEffect(hold, [hold]);
}

/**
 * A dialog that is open as long as it is rendered. The keyboard stays in it, and Escape leaves it; a press beside it does not, so
 * that nothing is lost that was filled in.
 */
export function Dialog({ title, onClose, children }: DialogProps) {
  const held = useRef(0);
  const hold = useCallback(() => {
    held.current += 1;
    return () => {
      held.current -= 1;
    };
  }, []);
  return (
    <Base.Root
      open
      disablePointerDismissal
      onOpenChange={(open, details) => {
        if (open) return;
        if (held.current > 0) details.cancel();
        else onClose();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-30 bg-black/50" />
        <Base.Popup className="fixed top-1/2 left-1/2 z-40 max-h-[92dvh] w-[min(36rem,94vw)] -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-lg border border-line bg-card p-5 shadow-xl">
          <Base.Title className="mb-3 text-lg break-words">{title}</Base.Title>
          <Holding value={hold}>{children}</Holding>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
