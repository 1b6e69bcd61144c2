// Contacts and the departments they belong to.
import { api } from '../api/client';
import { useLoad } from '../api/query';
import { href } from '../app/router';
import { may } from '../app/session';
import { Badge, Page, Person, Tabs } from '../ui/basics';
import type { Tone } from '../ui/basics';
import type { Choice } from '../ui/form';
import { when } from '../ui/format';
import { contacts, nameOf } from './contacts/contact';
import { Conversations, ConversationsOf } from './contacts/conversations';
import { nameIn, recordApi, useChoices } from './records/record_api';
import { RecordList } from './records/record_list';
import type { Kind } from './records/record_list';

const departments = recordApi('/api/departments', '/api/departments/{id}');

const contactKind: Kind = { one: 'contact', many: 'contacts', schema: 'Contact', create: 'contacts.create', edit: 'contacts.edit', remove: 'contacts.delete' };
const departmentKind: Kind = { one: 'department', many: 'departments', schema: 'Department', create: 'departments.manage', edit: 'departments.manage', remove: 'departments.manage' };

const tones: Record<string, Tone> = { customer: 'good', lead: 'accent', prospect: 'accent', inactive: 'quiet', new: 'warn' };
const statuses = Object.keys(tones).map((value) => ({ value, name: value }));

// Whom a contact may be assigned to: the members of all departments.
function usePeople(places: Choice[]): Choice[] {
  const { data } = useLoad(async (signal) => {
    const lists = await Promise.all(places.map(({ value }) => api.get('/api/departments/{id}/members', { path: { id: value }, query: { limit: 200 } as never, signal })));
    return lists.flatMap((list) => list.data.map(({ id, fullName }) => ({ value: id, name: fullName })));
  }, [places.length]);
  return data ?? [];
}

// Who has it now stays a choice, also without a department.
const withHolder = (people: Choice[], id: string | null | undefined): Choice[] =>
  (!id || people.some(({ value }) => value === id) ? people : [...people, { value: id, name: 'As it is: a person without a department' }]);

function Contacts() {
  const choices = may('departments.manage') ? useChoices(departments) : [];
  const people = usePeople(choices);
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
      fields={(row) => [
        { name: 'firstName', label: 'First name' }, { name: 'lastName', label: 'Last name' }, { name: 'email' }, { name: 'phone' }, { name: 'company' },
        { name: 'jobTitle', label: 'Job title' }, { name: 'status', required: true }, { name: 'source' },
        ...(choices.length ? [{ name: 'departmentId', label: 'Department', kind: 'choice' as const, choices }] : []),
        ...(people.length ? [{ name: 'assignedTo', label: 'Assigned to', kind: 'choice' as const, choices: withHolder(people, row?.assignedTo), help: '' }] : []),
        { name: 'notes', kind: 'area' },
      ]}
      initial={{ status: 'new' }}
      inside={(row) => (
        <>
          {row.departmentId && choices.length > 0 && <p class="note">Department: {nameIn(choices, row.departmentId)}</p>}
          {may('conversations.view') && <ConversationsOf contactId={row.id} />}
        </>
      )} />
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
  { key: '/conversations', name: 'Conversations', needs: 'conversations.view', part: Conversations },
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
