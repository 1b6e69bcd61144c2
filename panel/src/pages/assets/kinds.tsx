// The plain kinds around assets.
import { Badge } from '../../ui/basics';
import { nameIn, recordApi, useChoices } from '../records/record_api';
import { RecordList } from '../records/record_list';
import type { Kind } from '../records/record_list';

export const categories = recordApi('/api/categories', '/api/categories/{id}');
export const locations = recordApi('/api/locations', '/api/locations/{id}');
export const employees = recordApi('/api/employees', '/api/employees/{id}');

const kind = (one: string, many: string, schema: string, needs: string): Kind => ({ one, many, schema, create: needs, edit: needs, remove: needs });
const categoryKind = kind('category', 'categories', 'Category', 'categories.manage');
const locationKind = kind('location', 'locations', 'Location', 'locations.manage');
const employeeKind = kind('employee', 'employees', 'Employee', 'employees.manage');

export function Categories() {
  return (
    <RecordList kind={categoryKind} records={categories} nameOf={({ name }) => name} sort="name"
      columns={[{ name: 'Name', cell: ({ name }) => <b>{name}</b>, sort: 'name' }, { name: 'Description', cell: ({ description }) => description || '–', minor: true }]}
      fields={[{ name: 'name' }, { name: 'description', kind: 'area' }]} />
  );
}

export function Locations() {
  const choices = useChoices(locations);
  return (
    <RecordList kind={locationKind} records={locations} nameOf={({ name }) => name} sort="name"
      columns={[
        { name: 'Name', cell: ({ name }) => <b>{name}</b>, sort: 'name' },
        { name: 'Address', cell: ({ address }) => address ?? '–', minor: true },
        { name: 'Part of', cell: ({ parent_id }) => nameIn(choices, parent_id), minor: true },
      ]}
      fields={[{ name: 'name' }, { name: 'address' }, { name: 'parent_id', label: 'Part of', kind: 'choice', choices, numeric: true }, { name: 'notes', kind: 'area' }]} />
  );
}

export function Employees() {
  return (
    <RecordList kind={employeeKind} records={employees} nameOf={({ name }) => name} sort="name"
      filters={[{ name: 'active', label: 'Active', any: 'Active or not', choices: [{ value: 'true', name: 'Active' }, { value: 'false', name: 'Not active' }] }]}
      columns={[
        { name: 'Name', cell: ({ name }) => <b>{name}</b>, sort: 'name' },
        { name: 'Email', cell: ({ email }) => email ?? '–', sort: 'email' },
        { name: 'Department', cell: ({ department }) => department ?? '–', minor: true },
        { name: 'State', cell: ({ active }) => <Badge tone={active ? 'good' : 'quiet'}>{active ? 'active' : 'not active'}</Badge>, minor: true },
      ]}
      fields={[{ name: 'name' }, { name: 'email' }, { name: 'department' }, { name: 'phone' }, { name: 'active' }]} initial={{ active: true }} />
  );
}
