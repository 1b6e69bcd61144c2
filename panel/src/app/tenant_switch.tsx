// Staff at the operator's address: which tenant they look into.
import { useId } from 'preact/hooks';
import { raw } from '../api/client';
import { pageOf, useLoad } from '../api/query';
import { complain } from '../ui/toast';
import { enterTenant } from './session';
import type { Session } from './session';

interface Known {
  slug: string;
  name: string;
}

export function TenantSwitch({ session }: { session: Session }) {
  const id = useId();
  const { data, error } = useLoad(async () => pageOf<Known>(await (await raw('get', '/api/tenants', { query: { limit: 200 } as never })).json()));
  const tenants = data?.rows ?? [];
  const enter = (slug: string): void => { enterTenant(slug).catch(complain); };
  // Who may not list the tenants names one.
  if (error) {
    return (
      <form class="switch" onSubmit={(event) => { event.preventDefault(); enter(String(new FormData(event.currentTarget).get('slug') ?? '').trim()); }}>
        <label for={id}>Tenant</label>
        <input id={id} name="slug" placeholder="Short name; empty: operator" defaultValue={session.tenant} />
      </form>
    );
  }
  const isKnown = !session.tenant || tenants.some(({ slug }) => slug === session.tenant);
  return (
    <div class="switch">
      <label for={id}>Tenant</label>
      <select id={id} value={session.tenant} onChange={(event) => enter(event.currentTarget.value)}>
        <option value="">{session.branding?.tenant_name} (operator)</option>
        {!isKnown && <option value={session.tenant}>{session.tenant}</option>}
        {tenants.filter(({ slug }) => slug !== session.operator).map(({ slug, name }) => <option key={slug} value={slug}>{name}</option>)}
      </select>
    </div>
  );
}
