// A record kind as a page: the list with its search, filters and sort, a drawer to create and change, deletion. What is
// particular about a kind is told in rows: columns, fields, filters.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { usePages } from '../../api/query';
import { useFilters } from '../../app/router';
import { may } from '../../app/session';
import { Button, Card, Empty } from '../../ui/basics';
import { ask, Dialog } from '../../ui/dialog';
import { Filters, SearchBox, Select } from '../../ui/filters';
import { Form, useFields } from '../../ui/form';
import type { Choice, FieldHint, Values } from '../../ui/form';
import type { Deed } from '../../ui/menu';
import { ListTable } from '../../ui/table';
import type { Column } from '../../ui/table';
import { complain, tell } from '../../ui/toast';
import type { RecordApi } from './record_api';

export interface Kind {
  one: string; // "category"
  many: string;
  schema: string; // of the OpenAPI document: SchemaCreate, SchemaUpdate
  create: string; // permissions
  edit: string;
  remove: string;
}

export interface Row {
  id: string | number;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function RecordDrawer<R extends Row>({ kind, records, row, fields: hints, initial, onClose, onDone, children }: {
  kind: Kind; records: RecordApi<R>; row: R | undefined; fields: FieldHint[]; initial?: Values | undefined;
  onClose: () => void; onDone: () => void; children?: ComponentChildren;
}) {
  const made = useFields(`${kind.schema}Create`, hints);
  const changed = useFields(`${kind.schema}Update`, hints);
  // What nobody could do without when it was made, nobody can empty later.
  const fields = row ? changed?.map((field, i) => ({ ...field, required: field.required || made?.[i]?.required === true })) : made;
  const mayEdit = may(row ? kind.edit : kind.create);
  const save = async (values: Values): Promise<void> => {
    if (row) await records.update(row.id, values);
    else await records.create(values);
    tell(row ? 'Saved.' : `The ${kind.one} is there.`);
    onDone();
  };
  return (
    <Dialog title={row ? capital(kind.one) : `New ${kind.one}`} drawer onClose={onClose}>
      {children}
      {children && <h3>Details</h3>}
      {fields && mayEdit && (
        <Form fields={fields} {...(row ? { values: row as unknown as Values } : { initial: initial ?? {} })} submit={row ? 'Save' : `Create ${kind.one}`} onSubmit={save} onCancel={onClose} />
      )}
      {fields && !mayEdit && row && (
        <dl class="facts">{fields.map(({ name, label }) => <div key={name}><dt>{label}</dt><dd>{String((row as unknown as Values)[name] ?? '–')}</dd></div>)}</dl>
      )}
    </Dialog>
  );
}

export type ListQuery = Record<string, string | undefined>; // search, sort and filters

export interface RecordListProps<R extends Row> {
  kind: Kind;
  records: RecordApi<R>;
  columns: Column<R>[];
  fields: FieldHint[] | ((row: R | undefined) => FieldHint[]); // a new record may ask for more
  nameOf: (row: R) => string;
  filters?: { name: string; label: string; any: string; choices: Choice[] }[];
  sort?: string; // at first
  initial?: Values;
  actions?: (query: ListQuery, reload: () => void) => ComponentChildren;
  deeds?: (row: R, reload: () => void) => Deed[];
  // Of the drawer, above the form: done() closes it, refresh() reads the record anew.
  inside?: (row: R, done: () => void, refresh: () => void) => ComponentChildren;
}

export function RecordList<R extends Row>({ kind, records, columns, fields, nameOf, filters = [], sort, initial, actions, deeds, inside }: RecordListProps<R>) {
  const [filter, setFilter] = useFilters();
  const [open, setOpen] = useState<{ row?: R }>();
  const query: ListQuery = {
    q: filter('q'), sort: filter('sort') || sort, ...Object.fromEntries(filters.map(({ name }) => [name, filter(name)])),
  };
  const pages = usePages<R>((cursor, signal) => records.list({ ...query, cursor, limit: 25 }, signal), [kind.many, query]);
  // A link leads to one record: #/assets?id=42
  const linked = filter('id');
  useEffect(() => {
    if (linked) records.read(linked).then((row) => setOpen({ row }), complain);
  }, [linked]);
  const close = (): void => {
    setOpen(undefined);
    if (linked) setFilter({ id: '' });
  };
  const done = (): void => {
    close();
    pages.reload();
  };
  const refresh = ({ id }: R): void => {
    pages.reload();
    records.read(id).then((row) => setOpen((now) => (now?.row?.id === id ? { row } : now)), complain);
  };
  const remove = async (row: R): Promise<void> => {
    if (!await ask({ title: `Delete ${nameOf(row)}?`, text: 'This cannot be undone.', confirm: 'Delete', danger: true })) return;
    await records.remove(row.id);
    tell(`${nameOf(row)} is deleted.`);
    pages.reload();
  };
  const isFiltered = Boolean(query.q) || filters.some(({ name }) => filter(name));
  const create = may(kind.create) && <Button kind="primary" icon="plus" onClick={() => setOpen({})}>New {kind.one}</Button>;
  return (
    <Card flush>
      <Filters>
        <SearchBox value={filter('q')} onSearch={(q) => setFilter({ q })} label={`Search ${kind.many}`} />
        {filters.map(({ name, label, any, choices }) => (
          <Select key={name} label={label} value={filter(name)} any={any} choices={choices} onPick={(value) => setFilter({ [name]: value })} />
        ))}
        <span class="actions">{actions?.(query, pages.reload)}{create}</span>
      </Filters>
      <ListTable label={capital(kind.many)} pages={pages} keyOf={({ id }) => id} nameOf={nameOf} columns={columns} open={(row) => setOpen({ row })}
        sort={query.sort ?? ''} onSort={(next) => setFilter({ sort: next })}
        empty={isFiltered ? <Empty title={`No ${kind.one} fits.`}>Try another search or filter.</Empty> : <Empty title={`No ${kind.many} yet.`} action={create} />}
        deeds={(row) => [
          { name: may(kind.edit) ? 'Change' : 'Show', run: () => setOpen({ row }) },
          ...(deeds?.(row, pages.reload) ?? []),
          { name: 'Delete', run: () => remove(row), danger: true, hidden: !may(kind.remove) },
        ]} />
      {open && (
        <RecordDrawer kind={kind} records={records} row={open.row} fields={typeof fields === 'function' ? fields(open.row) : fields} initial={initial} onClose={close} onDone={done}>
          {open.row && inside?.(open.row, done, () => refresh(open.row as R))}
        </RecordDrawer>
      )}
    </Card>
  );
}
