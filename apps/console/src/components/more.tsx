import { Button } from './button.js';

interface Pages {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  fetchNextPage(): unknown;
}

/** The next page of a list, below what is shown of it. */
export function More({ list }: { readonly list: Pages }) {
  if (!list.hasNextPage) return null;
  return (
    <div className="mt-3">
      <Button onClick={() => void list.fetchNextPage()}>{list.isFetchingNextPage ? 'Loading …' : 'Show more'}</Button>
    </div>
  );
}
