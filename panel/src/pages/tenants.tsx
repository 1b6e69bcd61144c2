// The operator's staff: all tenants.
import { useState } from 'preact/hooks';
import { api } from '../api/client';
import type { Answer } from '../api/client';
import { useLoad, usePages } from '../api/query';
import { useFilters } from '../app/router';
import { enterTenant } from '../app/session';
import { Badge, Button, Card, CopyField, Empty, Loading, Page, Trouble } from '../ui/basics';
import { ask, Dialog } from '../ui/dialog';
import { DomainList } from '../ui/domain_list';
import type { Domain } from '../ui/domain_list';
import { Filters, SearchBox, Select } from '../ui/filters';
import { Form, labelOf, useFields } from '../ui/form';
import type { Values } from '../ui/form';
import { number, onDay } from '../ui/format';
import { ListTable } from '../ui/table';
import { tell } from '../ui/toast';
import { PlanPicker } from './tenants/plan_picker';

type Tenant = Answer<'/api/tenants'>['items'][number];

interface NewOwner {
  email: string;
  invitation_link?: string;
}

function NewTenant({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [owner, setOwner] = useState<NewOwner>();
  const own = useFields('NewTenant', [
    { name: 'name', placeholder: 'Acme Ltd' }, { name: 'slug', label: 'Short name', placeholder: 'acme' }, { name: 'plan', help: '', custom: (value, set, id) => <PlanPicker id={id} value={value} set={set} isNew /> },
  ]);
  const fields = own && [...own, { name: 'email', label: 'First owner’s email', kind: 'email' as const, help: 'They are invited as the tenant’s owner' }];
  const create = async ({ email, ...values }: Values): Promise<void> => {
    const made = await api.post('/api/tenants', { body: { ...values, ...(email ? { owner: { email } } : {}) } as never });
    if (made.owner?.invitation_link) setOwner(made.owner);
    else onDone();
    tell(`${String(values.name)} is there.`);
  };
  if (owner) {
    return (
      <Dialog title="The owner is invited" onClose={onDone}>
        <p>A mail is on its way to <b>{owner.email}</b>. You can hand the link on yourself, too; it is shown only now.</p>
        <CopyField label="Link" value={owner.invitation_link ?? ''} />
        <div class="form-end"><Button kind="primary" onClick={onDone}>Done</Button></div>
      </Dialog>
    );
  }
  return <Dialog title="New tenant" onClose={onClose}>{fields && <Form fields={fields} submit="Create tenant" onSubmit={create} onCancel={onClose} />}</Dialog>;
}

function TenantDomains({ slug }: { slug: string }) {
  const pages = usePages<Domain>((_, signal) => api.get('/api/tenants/{slug}/domains', { path: { slug } as never, signal }));
  return (
    <DomainList pages={pages}
      add={(host) => api.post('/api/tenants/{slug}/domains', { path: { slug } as never, body: { host } as never })}
      remove={(host) => api.delete('/api/tenants/{slug}/domains/{host}', { path: { slug, host } as never })} />
  );
}

function TenantDrawer({ slug, onClose, onDone }: { slug: string; onClose: () => void; onDone: () => void }) {
  const { data, error } = useLoad((signal) => api.get('/api/tenants/{slug}', { path: { slug } as never, signal }));
  const fields = useFields('TenantChange', [
    { name: 'name', required: true }, { name: 'plan', required: true, help: '', custom: (value, set, id) => <PlanPicker id={id} value={value} set={set} /> },
    { name: 'max_assets', label: 'Assets at most', placeholder: 'As the plan says', help: '' },
    { name: 'max_users', label: 'Users at most', placeholder: 'As the plan says', help: '' },
    { name: 'registration', label: 'Who may register', placeholder: 'As the server has it', help: '' },
  ]);
  const save = async (values: Values): Promise<void> => {
    await api.patch('/api/tenants/{slug}', { path: { slug } as never, body: values as never });
    tell('Saved.');
    onDone();
  };
  if (error) return <Dialog title={slug} drawer onClose={onClose}><Trouble problem={error} /></Dialog>;
  return (
    <Dialog title={data?.name ?? slug} drawer wide onClose={onClose}>
      {!data || !fields ? <Loading /> : (
        <>
          <dl class="facts">
            <div><dt>Short name</dt><dd class="mono">{slug}</dd></div>
            {data.usage.map(({ limit, used, max }) => <div key={limit}><dt>{labelOf(limit)}</dt><dd>{number(used)} in use{max === null ? ', no limit' : ` of ${number(max)}`}</dd></div>)}
          </dl>
          <Form fields={fields} values={data as unknown as Values} submit="Save" onSubmit={save} onCancel={onClose} />
          <h3>Domains</h3>
          <TenantDomains slug={slug} />
        </>
      )}
    </Dialog>
  );
}

export function Tenants() {
  const [filter, setFilter] = useFilters();
  const [open, setOpen] = useState<string>();
  const [creating, setCreating] = useState(false);
  const query = { q: filter('q'), status: filter('status') };
  const pages = usePages<Tenant>((cursor, signal) => api.get('/api/tenants', { query: { ...query, cursor } as never, signal }), [query]);
  const done = (): void => {
    setOpen(undefined);
    setCreating(false);
    pages.reload();
  };
  const set = async ({ slug, name }: Tenant, status: Tenant['status']): Promise<void> => {
    if (status === 'suspended' && !await ask({ title: `Suspend ${name}?`, text: 'From the next request on only staff may enter it. Nothing is deleted.', confirm: 'Suspend', danger: true })) return;
    await api.patch('/api/tenants/{slug}', { path: { slug } as never, body: { status } as never });
    tell(`${name} is ${status}.`);
    pages.reload();
  };
  const remove = async ({ slug, name }: Tenant): Promise<void> => {
    if (!await ask({ title: `Delete ${name}?`, text: <>Members, roles, records and the audit log go with it. This cannot be undone.</>, confirm: `Delete ${slug}`, danger: true })) return;
    await api.delete('/api/tenants/{slug}', { path: { slug } as never, query: { confirm: slug } as never });
    tell(`${name} is deleted.`);
    pages.reload();
  };
  return (
    <Page title="Tenants" note="Every organisation on this server." actions={<Button kind="primary" icon="plus" onClick={() => setCreating(true)}>New tenant</Button>}>
      <Card flush>
        <Filters>
          <SearchBox value={filter('q')} onSearch={(q) => setFilter({ q })} label="Search tenants" />
          <Select label="Status" value={filter('status')} any="Active and suspended" onPick={(status) => setFilter({ status })}
            choices={[{ value: 'active', name: 'Active' }, { value: 'suspended', name: 'Suspended' }]} />
        </Filters>
        <ListTable label="Tenants" pages={pages} keyOf={({ id }) => id} nameOf={({ name }) => name} open={({ slug }) => setOpen(slug)}
          empty={<Empty title="No tenant fits." />}
          columns={[
            { name: 'Tenant', cell: ({ name, is_root }) => <><b>{name}</b> {is_root && <Badge tone="accent">operator</Badge>}</> },
            { name: 'Short name', cell: ({ slug }) => <span class="mono">{slug}</span>, minor: true },
            { name: 'Plan', cell: ({ plan }) => plan },
            { name: 'Status', cell: ({ status }) => <Badge tone={status === 'active' ? 'good' : 'bad'}>{status}</Badge> },
            { name: 'Since', cell: ({ created_at }) => onDay(created_at), minor: true },
          ]}
          deeds={(tenant) => [
            { name: 'Look into it', icon: 'external', run: () => enterTenant(tenant.slug), hidden: tenant.is_root },
            { name: 'Change', run: () => setOpen(tenant.slug) },
            { name: 'Suspend', run: () => set(tenant, 'suspended'), danger: true, hidden: tenant.is_root || tenant.status !== 'active' },
            { name: 'Reactivate', run: () => set(tenant, 'active'), hidden: tenant.status === 'active' },
            { name: 'Delete', run: () => remove(tenant), danger: true, hidden: tenant.is_root },
          ]} />
      </Card>
      {creating && <NewTenant onClose={() => setCreating(false)} onDone={done} />}
      {open && <TenantDrawer slug={open} onClose={() => setOpen(undefined)} onDone={done} />}
    </Page>
  );
}
