// The panel's rooms: one row each. Who lacks every permission of a row does not see it.
import type { FunctionComponent } from 'preact';
import type { IconName } from '../ui/icon';
import { Account } from '../pages/account';
import { Audit } from '../pages/audit';
import { Overview } from '../pages/overview';
import { Team } from '../pages/team';
import { may } from './session';
import type { Session } from './session';

export interface Room {
  path: string; // and everything below it
  name: string;
  icon: IconName;
  group: 'Work' | 'Tenant' | 'Operator' | 'You';
  needs: string[]; // any of them; none: everybody
  staff?: boolean; // at the operator's own address only
  page: FunctionComponent<{ rest: string }>; // rest: the path below
}

export const rooms: Room[] = [
  { path: '/overview', name: 'Overview', icon: 'overview', group: 'Work', needs: [], page: Overview },
  { path: '/team', name: 'Team', icon: 'team', group: 'Tenant', needs: ['team.view'], page: Team },
  { path: '/audit', name: 'Audit log', icon: 'audit', group: 'Tenant', needs: ['audit.view'], page: Audit },
  { path: '/account', name: 'Your account', icon: 'account', group: 'You', needs: [], page: Account },
];

export function roomsFor(session: Session): Room[] {
  return rooms.filter(({ needs, staff }) => (!needs.length || may(...needs)) && (!staff || (session.isStaff && session.isRootHost)));
}

export function roomOf(path: string, open: Room[]): Room | undefined {
  return open.find((room) => path === room.path || path.startsWith(`${room.path}/`));
}
