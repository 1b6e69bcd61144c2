// Contacts and the departments they belong to.
import { href } from '../app/router';
import { may } from '../app/session';
import { Badge, Page, Person, Tabs } from '../ui/basics';
import type { Tone } from '../ui/basics';
import { when } from '../ui/format';
import { nameIn, recordApi, useChoices } from './records/record_api';
import type { RowIn } from './records/record_api';
import { RecordList } from './records/record_list';
import type { Kind } from './records/record_list';

const contacts = recordApi('/api/contacts', '/api/contacts/{id}');
const departments = recordApi('/api/departments', '/api/departments/{id}');
type Contact = RowIn<typeof contacts>;

const contactKind: Kind = { one: 'contact', many: 'contacts', schema: 'Contact', create: 'contacts.create', edit: 'contacts.edit', remove: 'contacts.delete' };
const departmentKind: Kind = { one: 'department', many: 'departments', schema: 'Department', create: 'departments.manage', edit: 'departments.manage', remove: 'departments.manage' };

const tones: Record<string, Tone> = { customer: 'good', lead: 'accent', prospect: 'accent', inactive: 'quiet', new: 'warn' };
const statuses = Object.keys(tones).map((value) => ({ value, name: value }));

const nameOf = ({ firstName, lastName }: Contact): string => [firstName, lastName].filter(Boolean).join(' ');

function Contacts() {
  const choices = may('departments.manage') ? useChoices(departments) : [];
  return (
    <RecordList kind={contactKind} records={contacts} nameOf={nameOf} sort="firstName"
      filters={[
        { name: 'status', label: 'Status', any: 'Every status', choices: statuses },
        ...(choices.length ? [{ name: 'departmentId', label: 'Department', any: 'Every department', choices }] : []),
      ]}
      columns={[
        { name: 'Name', cell: (row) => <Person name={nameOf(row)} detail={row.jobTitle ?? row.email ?? undefined} />, sort: 'firstName' },
        { name: 'Company', cell: ({ company }) => company ?? '–', sort: 'company' },
        { name: 'Status', cell: ({ status }) => <Badge tone={tones[status]}>{status}</Badge>, sort: 'status' },
        { name: 'Last contact', cell: ({ lastContactedAt }) => when(lastContactedAt), minor: true },
      ]}
      fields={[
        { name: 'firstName', label: 'First name' }, { name: 'lastName', label: 'Last name' }, { name: 'email' }, { name: 'phone' }, { name: 'company' },
        { name: 'jobTitle', label: 'Job title' }, { name: 'status', required: true }, { name: 'source' },
        ...(choices.length ? [{ name: 'departmentId', label: 'Department', kind: 'choice' as const, choices }] : []),
        { name: 'notes', kind: 'area' },
      ]}
      initial={{ status: 'new' }}
      inside={(row) => row.departmentId && choices.length ? <p class="note">Department: {nameIn(choices, row.departmentId)}</p> : null} />
  );
}

function Departments() {
  return (
    <RecordList kind={departmentKind} records={departments} nameOf={({ name }) => name} sort="name"
      columns={[{ name: 'Name', cell: ({ name }) => <b>{name}</b>, sort: 'name' }, { name: 'Description', cell: ({ description }) => description ?? '–', minor: true }]}
      fields={[{ name: 'name' }, { name: 'description', kind: 'area' }]} />
  );
}

const parts = [
  { key: '', name: 'Contacts', needs: 'contacts.view', part: Contacts },
  { key: '/departments', name: 'Departments', needs: 'departments.manage', part: Departments },
];

export function ContactsPage({ rest }: { rest: string }) {
  const open = parts.filter(({ needs }) => may(needs));
  const at = open.find(({ key }) => key === rest) ?? open[0];
  if (!at) return null;
  return (
    <Page title="Contacts" note="Whom your organisation knows.">
      {open.length > 1 && <Tabs label="Contacts" at={at.key} tabs={open.map(({ key, name }) => ({ key, name, href: href(`/contacts${key}`) }))} />}
      <at.part key={at.key} />
    </Page>
  );
}
