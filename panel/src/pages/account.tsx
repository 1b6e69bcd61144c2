// The person's own: password, sessions.
import { api } from '../api/client';
import type { Answer } from '../api/client';
import { usePages } from '../api/query';
import { signOut, useSession } from '../app/session';
import { Badge, Button, Card, Empty, Page } from '../ui/basics';
import { ask } from '../ui/dialog';
import { Form, useFields } from '../ui/form';
import type { Values } from '../ui/form';
import { at, when } from '../ui/format';
import { ListTable } from '../ui/table';
import { tell } from '../ui/toast';

type Row = Answer<'/api/v1/auth/sessions'>['data'][number];

// "Firefox on Linux", as far as the browser says.
function deviceOf(agent: string | null): string {
  const find = (names: string[][]): string | undefined => names.find(([pattern]) => agent?.includes(pattern as string))?.[1];
  const browser = find([['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari'], ['curl/', 'curl']]);
  const system = find([['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['Linux', 'Linux']]);
  return [browser ?? (agent?.slice(0, 40) || 'Unknown program'), system].filter(Boolean).join(' on ');
}

function Password() {
  const fields = useFields('ChangePassword', [
    { name: 'current_password', label: 'Current password', kind: 'password', autocomplete: 'current-password', help: '' },
    { name: 'new_password', label: 'New password', kind: 'password', autocomplete: 'new-password', help: 'At least 8 characters, and not one of the common ones. Your other sessions end.' },
  ]);
  const change = async (values: Values): Promise<void> => {
    await api.post('/api/v1/auth/change-password', { body: values as never });
    tell('Your password is changed; your other sessions have ended.');
  };
  return <Card title="Password">{fields && <Form fields={fields} submit="Change password" onSubmit={change} />}</Card>;
}

function Sessions() {
  const pages = usePages<Row>((cursor, signal) => api.get('/api/v1/auth/sessions', { query: { cursor, per_page: 20 } as never, signal }));
  const end = async (row: Row): Promise<void> => {
    if (row.current) return signOut();
    await api.delete('/api/v1/auth/sessions/{id}', { path: { id: String(row.id) } as never });
    pages.reload();
    tell('That session has ended.');
  };
  const endAll = async (): Promise<void> => {
    const sure = await ask({ title: 'Sign out everywhere?', text: 'Every session of yours ends at once, on all devices, this one too.', confirm: 'Sign out everywhere', danger: true });
    if (!sure) return;
    await api.delete('/api/v1/auth/sessions');
    await signOut();
  };
  return (
    <Card title="Sessions" flush actions={<Button small onClick={endAll}>Sign out everywhere</Button>}>
      <ListTable label="Your sessions" pages={pages} keyOf={({ id }) => id} nameOf={(row) => deviceOf(row.user_agent)} empty={<Empty title="No sessions." />}
        columns={[
          { name: 'Device', cell: (row) => <>{deviceOf(row.user_agent)} {row.current && <Badge tone="accent">this one</Badge>}</> },
          { name: 'Address', cell: ({ address }) => <span class="mono">{address}</span> },
          { name: 'Signed in', cell: ({ created_at }) => <span title={at(created_at)}>{when(created_at)}</span> },
          { name: 'Ends', cell: ({ expires_at }) => when(expires_at), minor: true },
        ]}
        deeds={(row) => [{ name: row.current ? 'Sign out' : 'End this session', run: () => end(row), icon: 'out' }]} />
    </Card>
  );
}

export function Account() {
  const { me } = useSession();
  if (!me) return null;
  return (
    <Page title="Your account" note={`${me.user.name}, ${me.user.email}`}>
      <div class="columns">
        <Sessions />
        <Password />
      </div>
    </Page>
  );
}
