import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { type PageOf, itemsOf } from '../queries.js';
import { More } from './more.js';
import { Empty, Loaded } from './page.js';
import { Table, type TableProps } from './table.js';

interface PagedTableProps<Row> extends Omit<TableProps<Row>, 'rows'> {
  readonly list: UseInfiniteQueryResult<{ readonly pages: readonly PageOf<Row>[] }>;
  /** What is said where there is no row. */
  readonly empty: ReactNode;
}

/** A list of the API as a table, page by page. */
export function PagedTable<Row>({ list, empty, ...table }: PagedTableProps<Row>) {
  return (
    <>
      <Loaded query={itemsOf(list)}>
        {(rows) => (rows.length === 0 ? <Empty>{empty}</Empty> : <Table rows={rows} {...table} />)}
      </Loaded>
      <More list={list} />
    </>
  );
}
