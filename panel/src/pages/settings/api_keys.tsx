import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Answer } from '../../api/client';
import { useLoad, usePages } from '../../api/query';
import { may, useSession } from '../../app/session';
import { Badge, Button, Card, CopyField, Empty, Notice } from '../../ui/basics';
import { ask, Dialog } from '../../ui/dialog';
import { Filters } from '../../ui/filters';
import { Form, useFields } from '../../ui/form';
import type { Value, Values } from '../../ui/form';
import { at, when } from '../../ui/format';
import { groupPermissions, PermissionGrid } from '../../ui/permission_grid';
import type { PermissionGroup } from '../../ui/permission_grid';
import { ListTable } from '../../ui/table';
import { tell } from '../../ui/toast';
import { readPermissions } from '../team/roles_data';

type Key = Answer<'/api/settings/api-keys'>['data'][number];

interface Secret {
  name: string;
  token: string;
}

// The one time a secret is seen.
function SecretDialog({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  return (
    <Dialog title={`The key “${secret.name}”`} onClose={onClose}>
      <Notice tone="warn">Copy it now: it is stored only as a hash and cannot be shown again.</Notice>
      <CopyField label="API key" value={secret.token} />
      <p class="note">Send it as <span class="mono">Authorization: Bearer {secret.token.slice(0, 8)}…</span></p>
      <div class="form-end"><Button kind="primary" onClick={onClose}>I have copied it</Button></div>
    </Dialog>
  );
}

const words = (value: Value): string => (Array.isArray(value) ? value.join(', ') : '');

// What the person may give, each with what it is for where they may read that.
function useScopes(): PermissionGroup[] {
  const { me } = useSession();
  const mine = (me?.permissions ?? []) as string[];
  const { data } = useLoad(async (signal) => (may('team.manage_roles') ? await readPermissions(signal) as PermissionGroup[] : []));
  if (!data?.length) return groupPermissions(mine);
  return data.map(({ group, permissions }) => ({ group, permissions: permissions.filter(({ name }) => mine.includes(name)) }))
    .filter(({ permissions }) => permissions.length);
}

function useKeyFields(schema: 'ApiKeyCreate' | 'ApiKeyUpdate') {
  const scopes = useScopes();
  return useFields(schema, [
    { name: 'name', help: 'What the key is for', required: true },
    { name: 'expires_at', label: 'Expires', help: 'Never, if left empty' },
    { name: 'allowed_addresses', label: 'Allowed addresses', help: 'Addresses and CIDR blocks, separated by commas; anywhere if left empty',
      custom: (value, set, id) => <input id={id} class="mono" placeholder="203.0.113.0/24" value={words(value)} onChange={(event) => {
        const list = event.currentTarget.value.split(/[\s,]+/).filter(Boolean);
        set(list.length ? list : null);
      }} /> },
    { name: 'rate_limit', label: 'Requests per minute', help: 'The server’s own limit, if left empty' },
    { name: 'scopes', label: 'Scopes', required: true, help: '',
      custom: (value, set) => <PermissionGrid groups={scopes} chosen={(value as string[] | undefined) ?? []} onChange={set} /> },
  ]);
}

function KeyDrawer({ row, onClose, onDone }: { row: Key | undefined; onClose: () => void; onDone: (secret?: Secret) => void }) {
  const fields = useKeyFields(row ? 'ApiKeyUpdate' : 'ApiKeyCreate');
  const save = async (values: Values): Promise<void> => {
    if (row) {
      await api.patch('/api/settings/api-keys/{id}', { path: { id: String(row.id) }, body: values as never });
      tell('The key is changed. It acts on its next request.');
      return onDone();
    }
    const { data } = await api.post('/api/settings/api-keys', { body: values as never });
    return onDone({ name: data.name, token: data.token });
  };
  return (
    <Dialog title={row ? row.name : 'New API key'} drawer wide onClose={onClose}>
      {fields && <Form fields={fields} {...(row ? { values: { ...row } as unknown as Values } : { initial: { scopes: [] } })} submit={row ? 'Save' : 'Create key'} onSubmit={save} onCancel={onClose} />}
    </Dialog>
  );
}

const overlaps = [
  { value: '0', name: 'At once' }, { value: '3600', name: 'After an hour' }, { value: '86400', name: 'After a day' }, { value: '604800', name: 'After a week' },
];

function RotateDialog({ row, onClose, onDone }: { row: Key; onClose: () => void; onDone: (secret: Secret) => void }) {
  const rotate = async ({ overlap }: Values): Promise<void> => {
    const { data } = await api.post('/api/settings/api-keys/{id}/rotate', { path: { id: String(row.id) }, body: { overlap: Number(overlap ?? 0) } as never });
    onDone({ name: row.name, token: data.token });
  };
  return (
    <Dialog title={`Rotate “${row.name}”`} onClose={onClose}>
      <p>The key gets a new secret; name, scopes and history stay.</p>
      <Form fields={[{ name: 'overlap', label: 'The old secret ends', kind: 'choice', required: true, choices: overlaps, help: 'Long enough to put the new one in place' }]}
        initial={{ overlap: '86400' }} submit="Rotate" onSubmit={rotate} onCancel={onClose} />
    </Dialog>
  );
}

function Expiry({ row }: { row: Key }) {
  if (!row.expires_at) return <>never</>;
  return new Date(row.expires_at) < new Date() ? <Badge tone="bad">expired</Badge> : <span title={at(row.expires_at)}>{when(row.expires_at)}</span>;
}

export function ApiKeys() {
  const pages = usePages<Key>((cursor, signal) => api.get('/api/settings/api-keys', { query: { cursor } as never, signal }));
  const [open, setOpen] = useState<{ row?: Key }>();
  const [rotating, setRotating] = useState<Key>();
  const [secret, setSecret] = useState<Secret>();
  const done = (shown?: Secret): void => {
    setOpen(undefined);
    setRotating(undefined);
    setSecret(shown);
    pages.reload();
  };
  const revoke = async ({ id, name }: Key): Promise<void> => {
    if (!await ask({ title: `Revoke “${name}”?`, text: 'Programs that use it are refused from their next request on. This cannot be undone.', confirm: 'Revoke', danger: true })) return;
    await api.delete('/api/settings/api-keys/{id}', { path: { id: String(id) } });
    tell(`The key “${name}” is revoked.`);
    pages.reload();
  };
  return (
    <>
      <Card title="API Keys" flush>
        <p class="note padded">For programs. A key may do what its scopes say, and never more than its maker may at the moment.</p>
        <Filters><span class="grow" /><Button kind="primary" icon="plus" onClick={() => setOpen({})}>New key</Button></Filters>
        <ListTable label="API keys" pages={pages} keyOf={({ id }) => id} nameOf={({ name }) => name} open={(row) => setOpen({ row })}
          empty={<Empty title="No API keys yet.">A key lets a program use the API in your team’s name.</Empty>}
          columns={[
            { name: 'Name', cell: ({ name }) => <b>{name}</b> },
            { name: 'Key', cell: ({ prefix, previous_until }) => <><span class="mono">{prefix}…</span> {previous_until && <Badge tone="warn">old secret until {at(previous_until)}</Badge>}</>, minor: true },
            { name: 'Scopes', cell: ({ scopes }) => <span title={scopes.join('\n')}>{scopes.length > 2 ? `${scopes.length} permissions` : scopes.join(', ')}</span> },
            { name: 'Last used', cell: ({ last_used_at }) => when(last_used_at) },
            { name: 'Expires', cell: (row) => <Expiry row={row} />, minor: true },
            { name: 'Made by', cell: ({ created_by }) => created_by.name, minor: true },
          ]}
          deeds={(row) => [
            { name: 'Change', run: () => setOpen({ row }) },
            { name: 'Rotate', run: () => setRotating(row) },
            { name: 'Revoke', run: () => revoke(row), danger: true },
          ]} />
      </Card>
      {open && <KeyDrawer row={open.row} onClose={() => setOpen(undefined)} onDone={done} />}
      {rotating && <RotateDialog row={rotating} onClose={() => setRotating(undefined)} onDone={done} />}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(undefined)} />}
    </>
  );
}
