import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Answer } from '../../api/client';
import { usePages } from '../../api/query';
import { Badge, Button, Card, CopyField, Empty } from '../../ui/basics';
import { ask, Dialog } from '../../ui/dialog';
import { Filters } from '../../ui/filters';
import { Form, useFields } from '../../ui/form';
import type { Values } from '../../ui/form';
import { when } from '../../ui/format';
import { ListTable } from '../../ui/table';
import { tell } from '../../ui/toast';
import { useRoleChoices } from './roles_data';

type Invitation = Answer<'/api/v1/team/invitations'>['data'][number];
interface Sent {
  email: string;
  link: string;
}

function LinkDialog({ sent, onClose }: { sent: Sent; onClose: () => void }) {
  return (
    <Dialog title="The invitation is sent" onClose={onClose}>
      <p>A mail is on its way to <b>{sent.email}</b>. You can also hand the link on yourself; it works once, for that address only, and is shown only now.</p>
      <CopyField label="Link" value={sent.link} />
      <div class="form-end"><Button kind="primary" onClick={onClose}>Done</Button></div>
    </Dialog>
  );
}

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const choices = useRoleChoices();
  const [sent, setSent] = useState<Sent>();
  const fields = useFields('TeamInvite', [
    { name: 'email', kind: 'email', help: 'Whoever holds this address can follow the link' },
    { name: 'role', kind: 'choice', choices, help: 'What they may do here' },
  ]);
  const send = async (values: Values): Promise<void> => {
    const { data } = await api.post('/api/v1/team/invite', { body: values as never });
    setSent({ email: data.email, link: data.link ?? '' });
  };
  if (sent) return <LinkDialog sent={sent} onClose={onClose} />;
  return (
    <Dialog title="Invite to the team" onClose={onClose}>
      {fields && choices.length > 0 && (
        <Form fields={fields} initial={{ role: choices.some(({ value }) => value === 'member') ? 'member' : choices[0]?.value }} submit="Send invitation" onSubmit={send} onCancel={onClose} />
      )}
    </Dialog>
  );
}

export function Invitations() {
  const [inviting, setInviting] = useState(false);
  const [sent, setSent] = useState<Sent>();
  const pages = usePages<Invitation>((cursor, signal) => api.get('/api/v1/team/invitations', { query: { cursor } as never, signal }));
  const resend = async ({ id }: Invitation): Promise<void> => {
    const { data } = await api.post('/api/v1/team/invitations/{id}/resend', { path: { id: String(id) } });
    setSent({ email: data.email, link: data.link ?? '' });
    pages.reload();
  };
  const cancel = async ({ id, email }: Invitation): Promise<void> => {
    if (!await ask({ title: 'Cancel the invitation?', text: `The link that ${email} got no longer works.`, confirm: 'Cancel invitation', danger: true })) return;
    await api.delete('/api/v1/team/invitations/{id}', { path: { id: String(id) } });
    tell(`The invitation of ${email} is cancelled.`);
    pages.reload();
  };
  return (
    <Card flush>
      <Filters><span class="grow" /><Button kind="primary" icon="plus" onClick={() => setInviting(true)}>Invite</Button></Filters>
      <ListTable label="Pending invitations" pages={pages} keyOf={({ id }) => id} nameOf={({ email }) => email}
        empty={<Empty title="No invitation is pending.">Invite somebody: they get a mail with a link, and you get the link to hand on.</Empty>}
        columns={[
          { name: 'Address', cell: ({ email }) => email },
          { name: 'Role', cell: ({ role }) => <Badge>{role}</Badge> },
          { name: 'Invited by', cell: ({ invited_by }) => invited_by?.name ?? '–', minor: true },
          { name: 'Sent', cell: ({ created_at }) => when(created_at), minor: true },
          { name: 'Expires', cell: ({ expires_at }) => when(expires_at) },
        ]}
        deeds={(row) => [
          { name: 'Send again', run: () => resend(row) },
          { name: 'Cancel', run: () => cancel(row), danger: true },
        ]} />
      {inviting && <InviteDialog onClose={() => { setInviting(false); pages.reload(); }} />}
      {sent && <LinkDialog sent={sent} onClose={() => setSent(undefined)} />}
    </Card>
  );
}
