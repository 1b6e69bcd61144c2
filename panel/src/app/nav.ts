// The panel's rooms: one row each. Who lacks every permission of a row does not see it.
import type { FunctionComponent } from 'preact';
import type { IconName } from '../ui/icon';
import { Account } from '../pages/account';
import { AssetsPage } from '../pages/assets';
import { Audit } from '../pages/audit';
import { Bookings } from '../pages/bookings';
import { ContactsPage } from '../pages/contacts';
import { Devices } from '../pages/devices';
import { Overview } from '../pages/overview';
import { Settings } from '../pages/settings';
import { Team } from '../pages/team';
import { Tenants } from '../pages/tenants';
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
  { path: '/assets', name: 'Assets', icon: 'assets', group: 'Work', needs: ['assets.view'], page: AssetsPage },
  { path: '/contacts', name: 'Contacts', icon: 'contacts', group: 'Work', needs: ['contacts.view'], page: ContactsPage },
  { path: '/bookings', name: 'Bookings', icon: 'bookings', group: 'Work', needs: ['bookings.view'], page: Bookings },
  { path: '/team', name: 'Team', icon: 'team', group: 'Tenant', needs: ['team.view'], page: Team },
  { path: '/settings', name: 'Settings', icon: 'settings', group: 'Tenant', needs: ['settings.manage', 'domains.manage', 'api_keys.manage'], page: Settings },
  { path: '/settings/devices', name: 'Devices', icon: 'display', group: 'Tenant', needs: ['displays.view'], page: Devices },
  { path: '/audit', name: 'Audit log', icon: 'audit', group: 'Tenant', needs: ['audit.view'], page: Audit },
  { path: '/tenants', name: 'Tenants', icon: 'staff', group: 'Operator', needs: ['tenants.manage'], staff: true, page: Tenants },
  { path: '/account', name: 'Your account', icon: 'account', group: 'You', needs: [], page: Account },
];

export function roomsFor(session: Session): Room[] {
  return rooms.filter(({ needs, staff }) => (!needs.length || may(...needs)) && (!staff || session.operator));
}

export function roomOf(path: string, open: Room[]): Room | undefined {
  const fitting = open.filter((room) => path === room.path || path.startsWith(`${room.path}/`));
  return fitting.sort((a, b) => b.path.length - a.path.length)[0];
}
