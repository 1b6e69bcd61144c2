// The frame around every page: the tenant, the rooms, the person.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, Empty, Person } from '../ui/basics';
import { BrandMark } from '../ui/brand';
import { Icon } from '../ui/icon';
import { Menu } from '../ui/menu';
import { Toasts } from '../ui/toast';
import { roomOf, roomsFor } from './nav';
import type { Room } from './nav';
import { go, href, usePlace } from './router';
import { signOut, useSession } from './session';
import type { Session } from './session';
import { TenantSwitch } from './tenant_switch';
import { setTheme, theme } from './theme';

export function Brand({ session: { branding } }: { session: Session }) {
  return branding ? <BrandMark name={branding.tenant_name} logo={branding.logo_url} /> : null;
}

function Rooms({ rooms, current, onGo }: { rooms: Room[]; current: Room | undefined; onGo: () => void }) {
  const groups = [...new Set(rooms.map(({ group }) => group))].filter((group) => group !== 'You');
  return (
    <nav class="rooms" aria-label="Rooms">
      {groups.map((group) => (
        <div key={group}>
          {group !== 'Work' && <p class="rooms-group">{group}</p>}
          {rooms.filter((room) => room.group === group).map((room) => (
            <a key={room.path} href={href(room.path)} aria-current={room === current ? 'page' : undefined} onClick={onGo}>
              <Icon name={room.icon} />{room.name}
            </a>
          ))}
        </div>
      ))}
    </nav>
  );
}

function You({ session }: { session: Session }) {
  const me = session.me;
  const [isDark, setDark] = useState(document.documentElement.dataset.theme === 'dark');
  if (!me) return null;
  const turn = (): void => {
    setTheme(isDark ? 'light' : 'dark');
    setDark(!isDark);
  };
  return (
    <Menu label="Your account" deeds={[
      { name: 'Your account', icon: 'account', run: () => go('/account') },
      { name: isDark ? 'Light colours' : 'Dark colours', icon: isDark ? 'light' : 'dark', run: turn },
      { name: 'As the system', icon: 'display', run: () => { setTheme('system'); setDark(document.documentElement.dataset.theme === 'dark'); }, hidden: theme() === 'system' },
      { name: 'Sign out', icon: 'out', run: signOut },
    ]}>
      <Person name={me.user.name} detail={me.role.name} />
      <Icon name="down" />
    </Menu>
  );
}

export function Shell() {
  const session = useSession();
  const place = usePlace();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const rooms = roomsFor(session);
  const room = roomOf(place.path, rooms) ?? (place.path === '/' ? rooms[0] : undefined);

  // Every tenant's rooms are read anew, and a new page begins at its top, with the focus.
  const key = `${session.tenant}:${room?.path}`;
  const first = useRef(true);
  useEffect(() => {
    setOpen(false);
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [key]);

  const name = session.branding?.tenant_name;
  useEffect(() => { document.title = [room?.name, name].filter(Boolean).join(' · '); }, [room, name]);

  return (
    <div class={`shell${open ? ' open' : ''}`}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
      <header class="bar">
        <Button kind="bare" icon={open ? 'close' : 'menu'} label={open ? 'Close the menu' : 'Open the menu'} onClick={() => setOpen(!open)} />
        <Brand session={session} />
      </header>
      <aside class="side">
        <Brand session={session} />
        {session.operator && <TenantSwitch session={session} />}
        <Rooms rooms={rooms} current={room} onGo={() => setOpen(false)} />
        <div class="side-end"><You session={session} /></div>
      </aside>
      <main ref={main} id="main" tabIndex={-1} key={key}>
        {room
          ? <room.page rest={place.path.slice(room.path.length)} />
          : <Empty title="There is nothing here." action={<a href={href('/overview')}>To the overview</a>}>This page does not exist, or you may not see it.</Empty>}
      </main>
      <Toasts />
    </div>
  );
}
