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
  isRootHost: boolean; // at the operator's own address
  tenant: string; // the slug that staff look into; '' is the address's own
  expired: boolean; // the session ended by itself
  problem?: Problem | undefined;
}

let session: Session = { state: 'starting', isStaff: false, isRootHost: false, tenant: '', expired: false };
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

async function readMe(): Promise<void> {
  const own = await api.get('/api/auth/me');
  const { data } = await api.get('/api/v1/auth/me');
  update({
    state: 'signed-in', me: data, expired: false, problem: undefined, isStaff: own.is_msp_staff,
    isRootHost: session.isRootHost || (own.is_msp_staff && !session.tenant && own.tenant_id === data.tenant.id && isRootRole(data.role.slug)),
  });
}

function isRootRole(slug: string): boolean {
  return slug === 'superadmin' || slug === 'staff';
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
    await readMe();
  } catch (error) {
    const problem = error as Problem;
    if (problem.status === 401) update({ state: 'signed-out' });
    else update({ state: problem.status === 403 ? 'signed-out' : 'failed', problem });
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  chooseTenant('');
  update({ tenant: '' });
  await api.post('/api/auth/session', { body: { email, password } });
  await readMe();
}

export async function signOut(): Promise<void> {
  chooseTenant('');
  await api.delete('/api/auth/session').catch(() => {});
  update({ state: 'signed-out', me: undefined, tenant: '', expired: false });
}

// Staff: '' is the operator's own tenant.
export async function enterTenant(slug: string): Promise<void> {
  chooseTenant(slug);
  update({ tenant: slug });
  await readMe();
}
