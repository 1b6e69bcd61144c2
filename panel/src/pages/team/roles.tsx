import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import { useLoad } from '../../api/query';
import { may, useSession } from '../../app/session';
import { Badge, Button, Card, Empty, Loading, Trouble } from '../../ui/basics';
import { ask, Dialog } from '../../ui/dialog';
import { Filters } from '../../ui/filters';
import { Form, useFields } from '../../ui/form';
import type { Value, Values } from '../../ui/form';
import { number } from '../../ui/format';
import { PermissionGrid } from '../../ui/permission_grid';
import { Table } from '../../ui/table';
import { tell } from '../../ui/toast';
import { readPermissions, readRoles } from './roles_data';
import type { Role } from './roles_data';

interface Permission {
  name: string;
  description: string;
}

interface RawGroup {
  group: string;
  permissions: Permission[];
}

// One role, whole: shown, changed or new (id 0).
function RoleDrawer({ id, onClose, onDone }: { id: number; onClose: () => void; onDone: () => void }) {
  const { me } = useSession();
  const groups = useLoad(readPermissions);
  const role = useLoad(async (signal) => (id ? (await api.get('/api/v1/team/roles/{id}', { path: { id: String(id) }, signal })).data : undefined), [id]);
  const mine = me?.permissions as string[];
  const isFixed = Boolean(role.data?.is_system) || !may('team.manage_roles') || (role.data?.rank ?? 0) >= (me?.role.rank ?? 0);
  const fields = useFields(id ? 'RoleUpdate' : 'RoleCreate', [
    { name: 'name' },
    { name: 'description', kind: 'area' },
    { name: 'rank', label: 'Rank', kind: 'number', help: `Below your own, ${me?.role.rank}. Nobody acts on a member of a higher rank.` },
    {
      name: 'permissions', label: 'Permissions', required: true,
      custom: (value: Value, set) => (
        <PermissionGrid groups={(groups.data ?? []) as RawGroup[]} chosen={(value as string[] | undefined) ?? []} onChange={set} mayGive={(name) => mine.includes(name)} />
      ),
    },
  ]);
  const save = async (values: Values): Promise<void> => {
    if (id) await api.patch('/api/v1/team/roles/{id}', { path: { id: String(id) }, body: values as never });
    else await api.post('/api/v1/team/roles', { body: values as never });
    tell(id ? 'The role is changed. It acts on the next request of everybody who has it.' : 'The role is there.');
    onDone();
  };
  const problem = groups.error ?? role.error;
  const isReady = groups.data && fields && (!id || role.data);
  return (
    <Dialog title={id ? role.data?.name ?? 'Role' : 'New role'} drawer wide onClose={onClose}>
      {problem && <Trouble problem={problem} />}
      {!isReady && !problem && <Loading />}
      {isReady && isFixed && role.data && (
        <>
          <p>{role.data.description}</p>
          <p class="note">{role.data.is_system ? 'A system role: it is the same in every tenant and cannot be changed.' : 'You may look at this role, but not change it.'}</p>
          <PermissionGrid groups={groups.data as RawGroup[]} chosen={role.data.permissions as string[]} readOnly />
        </>
      )}
      {isReady && !isFixed && (
        <Form fields={fields} {...(role.data
          ? { values: { name: role.data.name, description: role.data.description, rank: role.data.rank, permissions: role.data.permissions as string[] } }
          : { initial: { permissions: [], rank: Math.min(30, (me?.role.rank ?? 1) - 1) } })}
          submit={id ? 'Save' : 'Make role'} onSubmit={save} onCancel={onClose} />
      )}
    </Dialog>
  );
}

export function Roles() {
  const { data, error, reload } = useLoad(readRoles);
  const [open, setOpen] = useState<number>();
  const remove = async ({ id, name }: Role): Promise<void> => {
    if (!await ask({ title: `Delete the role ${name}?`, text: 'Only a role that nobody has, and that no invitation names, can be deleted.', confirm: 'Delete', danger: true })) return;
    await api.delete('/api/v1/team/roles/{id}', { path: { id: String(id) } });
    tell(`The role ${name} is deleted.`);
    reload();
  };
  const done = (): void => {
    setOpen(undefined);
    reload();
  };
  return (
    <Card flush>
      {may('team.manage_roles') && <Filters><span class="grow" /><Button kind="primary" icon="plus" onClick={() => setOpen(0)}>New role</Button></Filters>}
      {error && <Trouble problem={error} retry={reload} />}
      {!data && !error && <Loading />}
      {data && !data.length && <Empty title="No roles." />}
      {data && (
        <Table label="Roles" rows={data} keyOf={({ id }) => id} nameOf={({ name }) => name} open={({ id }) => setOpen(id)}
          columns={[
            { name: 'Role', cell: ({ name }) => <b>{name}</b> },
            { name: 'Kind', cell: ({ is_system }) => <Badge tone={is_system ? 'quiet' : 'accent'}>{is_system ? 'system' : 'own'}</Badge> },
            { name: 'Rank', cell: ({ rank }) => number(rank), end: true },
            { name: 'Description', cell: ({ description }) => description, minor: true },
          ]}
          deeds={(role) => [
            { name: role.is_system ? 'Show' : 'Show or change', run: () => setOpen(role.id) },
            { name: 'Delete', run: () => remove(role), danger: true, hidden: role.is_system || !may('team.manage_roles') },
          ]} />
      )}
      {open !== undefined && <RoleDrawer id={open} onClose={() => setOpen(undefined)} onDone={done} />}
    </Card>
  );
}
