import type { ReactNode } from 'react';

interface OutsidePageProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** A page for people without a session. */
export function OutsidePage({ title, children }: OutsidePageProps) {
  return (
    <main className="mx-auto max-w-md p-4 pt-12">
      <title>{`${title} · Chancery`}</title>
      <h1 className="mb-5 text-2xl">Chancery</h1>
      {children}
    </main>
  );
}

export const Panel = ({ title, children }: OutsidePageProps) => (
  <section className="rounded-lg border border-line bg-card p-5">
    <h2 className="mb-4 text-lg">{title}</h2>
    {children}
  </section>
);

/** What the person should know before they continue. */
export const Warning = ({ children }: { readonly children: ReactNode }) => (
  <div role="status" className="mb-4 rounded-md border border-warning bg-warning-tint p-3 text-warning">
    {children}
  </div>
);

/** What was done, and where it continues. */
export const Notice = ({ children }: { readonly children: ReactNode }) => (
  <div role="status" className="mb-4 rounded-md border border-good bg-good-tint p-3 text-good">
    {children}
  </div>
);
