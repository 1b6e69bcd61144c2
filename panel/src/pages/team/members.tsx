import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Answer } from '../../api/client';
import { usePages } from '../../api/query';
import { go, useFilters } from '../../app/router';
import { may, useSession } from '../../app/session';
import { Badge, Button, Card, Empty, Person } from '../../ui/basics';
import { ask, Dialog } from '../../ui/dialog';
import { Filters, SearchBox, Select } from '../../ui/filters';
import { Form } from '../../ui/form';
import { onDay } from '../../ui/format';
import { ListTable } from '../../ui/table';
import { tell } from '../../ui/toast';
import { InviteDialog } from './invitations';
import { readRoles, useRoleChoices } from './roles_data';
import { useLoad } from '../../api/query';

type Member = Answer<'/api/v1/team'>['data'][number];

function RoleDialog({ member, onClose, onDone }: { member: Member; onClose: () => void; onDone: () => void }) {
  const choices = useRoleChoices();
  const change = async ({ role }: { role?: unknown }): Promise<void> => {
    if (role) await api.patch('/api/v1/team/members/{id}/role', { path: { id: String(member.id) }, body: { role: String(role) } });
    tell(`${member.name} has another role now.`);
    onDone();
  };
  return (
    <Dialog title={`Role of ${member.name}`} onClose={onClose}>
      <Form fields={[{ name: 'role', label: 'Role', kind: 'choice', required: true, choices, help: 'It acts on their next request.' }]}
        values={{ role: member.role }} submit="Change role" onSubmit={change} onCancel={onClose} />
    </Dialog>
  );
}

export function Members() {
  const { me } = useSession();
  const [filter, setFilter] = useFilters();
  const [changing, setChanging] = useState<Member>();
  const [inviting, setInviting] = useState(false);
  const { data: roles } = useLoad(readRoles);
  const query = { q: filter('q'), role: filter('role'), status: filter('status') };
  const pages = usePages<Member>((cursor, signal) => api.get('/api/v1/team', { query: { ...query, cursor } as never, signal }), [query]);

  const deed = async (member: Member, what: 'suspend' | 'reactivate', said: string): Promise<void> => {
    await api.post(`/api/v1/team/members/{id}/${what}`, { path: { id: String(member.id) } });
    tell(said);
    pages.reload();
  };
  const suspend = async (member: Member): Promise<void> => {
    const sure = await ask({ title: `Suspend ${member.name}?`, text: 'They are turned away from their next request on, and keep their seat. You can reactivate them at any time.', confirm: 'Suspend', danger: true });
    if (sure) await deed(member, 'suspend', `${member.name} is suspended.`);
  };
  const remove = async (member: Member): Promise<void> => {
    const sure = await ask({ title: `Remove ${member.name}?`, text: 'They lose every right in this tenant at once, and their seat is free again. What they have in other tenants stays.', confirm: 'Remove', danger: true });
    if (!sure) return;
    await api.delete('/api/v1/team/members/{id}', { path: { id: String(member.id) } });
    tell(`${member.name} is removed.`);
    pages.reload();
  };

  return (
    <Card flush>
      <Filters>
        <SearchBox value={filter('q')} onSearch={(q) => setFilter({ q })} label="Search members" />
        <Select label="Role" value={filter('role')} any="Every role" onPick={(role) => setFilter({ role })} choices={(roles ?? []).map(({ slug, name }) => ({ value: slug, name }))} />
        <Select label="Status" value={filter('status')} any="Active and suspended" onPick={(status) => setFilter({ status })}
          choices={[{ value: 'active', name: 'Active' }, { value: 'suspended', name: 'Suspended' }]} />
        {may('team.invite') && <Button kind="primary" icon="plus" onClick={() => setInviting(true)}>Invite</Button>}
      </Filters>
      <ListTable label="Members" pages={pages} keyOf={({ id }) => id} nameOf={({ name }) => name}
        empty={<Empty title="Nobody fits.">Try another search or filter.</Empty>}
        columns={[
          { name: 'Member', cell: ({ name, email }) => <Person name={name} detail={email} /> },
          { name: 'Role', cell: ({ role, role_name }) => role_name ?? role },
          { name: 'Status', cell: ({ status }) => <Badge tone={status === 'active' ? 'good' : 'bad'}>{status}</Badge> },
          { name: 'Joined', cell: ({ joined_at }) => onDay(joined_at), minor: true },
        ]}
        deeds={(member) => [
          { name: 'Change role', run: () => setChanging(member), hidden: !may('team.manage_roles') },
          { name: 'Why can they …?', icon: 'question', run: () => go('/team/explain', { user: member.email }), hidden: !may('team.manage_roles') },
          { name: 'Suspend', run: () => suspend(member), danger: true, hidden: !may('team.remove') || member.status !== 'active' || member.id === me?.user.id },
          { name: 'Reactivate', run: () => deed(member, 'reactivate', `${member.name} is active again.`), hidden: !may('team.edit') || member.status === 'active' },
          { name: 'Remove', run: () => remove(member), danger: true, hidden: !may('team.remove') },
        ]} />
      {changing && <RoleDialog member={changing} onClose={() => setChanging(undefined)} onDone={() => { setChanging(undefined); pages.reload(); }} />}
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Card>
  );
}
