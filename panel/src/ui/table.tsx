// A list of rows with its states: loading, failed, empty, pages.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Pages } from '../api/query';
import { Button, Empty, Loading, Trouble } from './basics';
import { Menu } from './menu';
import type { Deed } from './menu';

export interface Column<Row> {
  name: string;
  cell: (row: Row) => ComponentChildren;
  sort?: string; // the field's name in ?sort=
  end?: boolean; // numbers stand at the end
  minor?: boolean; // goes on narrow screens
}

export interface TableProps<Row> {
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  keyOf: (row: Row) => string | number;
  open?: ((row: Row) => void) | undefined; // what a click on a row does
  deeds?: (row: Row) => Deed[];
  nameOf?: (row: Row) => string; // of the deeds' menu
  sort?: string;
  onSort?: (sort: string) => void;
}

function Head<Row>({ column, sort, onSort }: { column: Column<Row>; sort: string | undefined; onSort: ((sort: string) => void) | undefined }) {
  const direction = sort === column.sort ? 'ascending' : sort === `-${column.sort}` ? 'descending' : undefined;
  const mark = `${column.end ? 'end' : ''}${column.minor ? ' minor' : ''}`;
  if (!column.sort || !onSort) return <th scope="col" class={mark}>{column.name}</th>;
  return (
    <th scope="col" class={mark} aria-sort={direction ?? 'none'}>
      <button type="button" class="sort" onClick={() => onSort(direction === 'ascending' ? `-${column.sort}` : column.sort as string)}>
        {column.name}<span aria-hidden="true">{direction === 'ascending' ? '↑' : direction === 'descending' ? '↓' : ''}</span>
      </button>
    </th>
  );
}

// What scrolls sideways has to be reached by the keyboard, and nothing else needs to be.
function reachable(box: HTMLDivElement | null): void {
  if (!box) return;
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  else box.removeAttribute('tabindex');
}

export function Table<Row>({ label, rows, columns, keyOf, open, deeds, nameOf, sort, onSort }: TableProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => reachable(box.current));
  const cell = (row: Row, column: Column<Row>, first: boolean): ComponentChildren =>
    (first && open ? <button type="button" class="row-link" onClick={() => open(row)}>{column.cell(row)}</button> : column.cell(row));
  return (
    <div class="table-box" ref={box}>
      <table aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => <Head key={column.name} column={column} sort={sort} onSort={onSort} />)}
            {deeds && <th scope="col" class="deeds"><span class="hidden">Actions</span></th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, i) => (
                <td key={column.name} class={`${column.end ? 'end' : ''}${column.minor ? ' minor' : ''}`}>{cell(row, column, i === 0)}</td>
              ))}
              {deeds && <td class="deeds"><Menu label={`Actions for ${nameOf ? nameOf(row) : keyOf(row)}`} deeds={deeds(row)} /></td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function ListTable<Row>({ pages, empty, ...table }: Omit<TableProps<Row>, 'rows'> & { pages: Pages<Row>; empty: ComponentChildren }) {
  const { data, error, loading, number, forward, back, reload } = pages;
  if (error) return <Trouble problem={error} retry={reload} />;
  if (!data) return <Loading rows={6} />;
  if (!data.rows.length && number === 1) return <>{empty}</>;
  return (
    <div class={loading ? 'stale' : ''} aria-busy={loading}>
      {data.rows.length ? <Table {...table} rows={data.rows} /> : <Empty title="Nothing more." />}
      {(forward || back || typeof data.total === 'number') && (
        <footer class="pager">
          <span>{typeof data.total === 'number' && `${data.total.toLocaleString('en')} in all`}</span>
          {(forward || back) && (
            <span class="actions">
              <Button small icon="left" disabled={!back} onClick={() => back?.()} label="Previous page" />
              <span>Page {number}</span>
              <Button small icon="right" disabled={!forward} onClick={() => forward?.()} label="Next page" />
            </span>
          )}
        </footer>
      )}
    </div>
  );
}
