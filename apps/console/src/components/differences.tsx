import type { Difference } from '../difference.js';
import { Table } from './table.js';

/** What a change changed, member by member. */
export function Differences({ label, changes }: { readonly label: string; readonly changes: readonly Difference[] }) {
  return (
    <Table
      label={label}
      rows={changes}
      keyOf={({ name }) => name}
      columns={[
        { name: 'Member', cell: ({ name }) => name },
        { name: 'Before', cell: ({ before }) => <del className="text-danger no-underline">{before ?? '—'}</del> },
        { name: 'After', cell: ({ after }) => <ins className="text-good no-underline">{after ?? '—'}</ins> },
      ]}
    />
  );
}
