import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { Button } from './button.js';
import { Refusal } from './form.js';

/** Of the heading of a page, which names the page as a whole. */
export const PAGE_TITLE_ID = 'page-title';

interface PageProps {
  readonly title: string;
  readonly introduction?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, introduction, actions, children }: PageProps) {
  return (
    <>
      <title>{`${title} · Chancery`}</title>
      <header className="mb-5 flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h1 id={PAGE_TITLE_ID} className="text-2xl break-words">
            {title}
          </h1>
          {introduction !== undefined && <p className="mt-1 max-w-prose break-words text-soft">{introduction}</p>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
      </header>
      {children}
    </>
  );
}

interface CardProps {
  readonly title?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Card({ title, actions, children }: CardProps) {
  return (
    <section className="mb-4 min-w-0 rounded-lg border border-line bg-card p-4">
      {(title !== undefined || actions !== undefined) && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
          {title !== undefined && <h2 className="min-w-0 text-base break-words">{title}</h2>}
          {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

/** What is said where there is nothing yet: what it would be, and what to do first. */
export const Empty = ({ children }: { readonly children: ReactNode }) => (
  <p className="rounded-md border border-dashed border-line p-4 text-soft">{children}</p>
);

interface NotReadProps {
  readonly error: unknown;
  readonly children?: ReactNode;
}

/** Why something was not read, and the way to read it again: together with all else on the page that was not. */
function NotRead({ error, children }: NotReadProps) {
  const queries = useQueryClient();
  const again = () =>
    queries.refetchQueries({ type: 'active', predicate: ({ state: { status } }) => status === 'error' });
  return (
    <Refusal error={error}>
      {children !== undefined && <p className="mt-1">{children}</p>}
      <div className="mt-2">
        <Button onClick={() => void again()}>Try again</Button>
      </div>
    </Refusal>
  );
}

interface Reading<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
}

interface LoadedProps<Data> {
  readonly query: Reading<Data>;
  /** Of the page, where all of it is what is read. */
  readonly title?: string;
  readonly children: (data: Data) => ReactNode;
}

/** What a query gave, or that it is under way, or why it was refused; also where something older is shown meanwhile. */
export function Loaded<Data>({ query: { data, error }, title, children }: LoadedProps<Data>) {
  const refused = error !== null && error !== undefined;
  if (data !== undefined) {
    return (
      <>
        {refused && <NotRead error={error}>This page shows earlier data.</NotRead>}
        {children(data)}
      </>
    );
  }
  const instead = refused ? (
    <NotRead error={error} />
  ) : (
    <p role="status" className="p-4 text-soft">
      Loading …
    </p>
  );
  return title === undefined ? instead : <Page title={title}>{instead}</Page>;
}

interface Fact {
  readonly name: string;
  readonly value: ReactNode;
}

/** Names with their values. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="grid gap-x-6 gap-y-2 sm:grid-cols-[max-content_1fr]">
      {facts.map(({ name, value }) => (
        <div key={name} className="contents">
          <dt className="text-sm text-soft">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
