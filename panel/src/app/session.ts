// Who is signed in, where, and what they may do there. One store; components subscribe with useSession().
import { useEffect, useState } from 'preact/hooks';
import { api, chooseTenant, whenSignedOut } from '../api/client';
import type { Answer } from '../api/client';
import type { Problem } from '../api/problem';
import { applyAccent } from './theme';

export type Me = Answer<'/api/v1/auth/me'>['data'];
export type Branding = Answer<'/api/public/branding'>;

export interface Session {
  state: 'starting' | 'signed-out' | 'signed-in' | 'failed';
  branding?: Branding | undefined;
  me?: Me | undefined;
  isStaff: boolean; // of the operator
  operator: string; // the operator's slug, for staff at its own address; '' elsewhere
  tenant: string; // the slug that staff look into; '' is the address's own
  expired: boolean; // the session ended by itself
  problem?: Problem | undefined;
}

let session: Session = { state: 'starting', isStaff: false, operator: '', tenant: '', expired: false };
const listeners = new Set<() => void>();

function update(changes: Partial<Session>): void {
  session = { ...session, ...changes };
  for (const listener of listeners) listener();
}

export function useSession(): Session {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = (): void => redraw((n) => n + 1);
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  }, []);
  return session;
}

export function may(...permissions: string[]): boolean {
  const mine = session.me?.permissions as string[] | undefined;
  return permissions.some((permission) => mine?.includes(permission));
}

// Staff who are at the operator's own address: the slug of that tenant.
async function findOperator(): Promise<string> {
  const own = await api.get('/api/auth/me');
  if (!own.is_msp_staff) return '';
  const { data } = await api.get('/api/v1/auth/tenants');
  const home = data.find(({ role }) => role === 'superadmin' || role === 'staff');
  if (!home) return ''; // a role of the operator's own acts in that tenant alone
  update({ isStaff: true });
  return home.slug === own.tenant_slug ? own.tenant_slug : '';
}

async function readMe(): Promise<void> {
  const { data } = await api.get('/api/v1/auth/me');
  update({ state: 'signed-in', me: data, expired: false, problem: undefined });
}

// After a sign-in, or when the page is opened with a session.
async function arrive(): Promise<void> {
  chooseTenant('', true);
  update({ tenant: '', isStaff: false });
  const operator = await findOperator();
  chooseTenant(operator, true);
  update({ operator });
  await readMe();
}

export async function readBranding(): Promise<void> {
  const branding = await api.get('/api/public/branding');
  applyAccent(branding.accent_colour);
  document.title = `${branding.tenant_name} · Tether`;
  update({ branding });
}

export async function start(): Promise<void> {
  whenSignedOut(() => {
    if (session.state === 'signed-in') update({ state: 'signed-out', me: undefined, expired: true });
  });
  try {
    await readBranding();
    await arrive();
  } catch (error) {
    const problem = error as Problem;
    if (problem.status === 401) update({ state: 'signed-out' });
    else update({ state: problem.status === 403 ? 'signed-out' : 'failed', problem });
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  await api.post('/api/auth/session', { body: { email, password } });
  await arrive();
}

export async function signOut(): Promise<void> {
  chooseTenant('', true);
  await api.delete('/api/auth/session').catch(() => {});
  update({ state: 'signed-out', me: undefined, tenant: '', expired: false });
}

// Staff: '' is the operator's own tenant.
export async function enterTenant(slug: string): Promise<void> {
  chooseTenant(slug || session.operator, !slug);
  update({ tenant: slug });
  await readMe();
}
