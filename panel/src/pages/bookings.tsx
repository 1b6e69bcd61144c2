import { href } from '../app/router';
import { Badge, Page, Tabs } from '../ui/basics';
import { number } from '../ui/format';
import { Calendar, spaces } from './bookings/calendar';
import { RecordList } from './records/record_list';
import type { Kind } from './records/record_list';

const kind: Kind = { one: 'space', many: 'spaces', schema: 'Space', create: 'bookings.edit', edit: 'bookings.edit', remove: 'bookings.delete' };

function Spaces() {
  return (
    <RecordList kind={kind} records={spaces} nameOf={({ name }) => name} sort="name"
      columns={[
        { name: 'Name', cell: ({ name }) => <b>{name}</b>, sort: 'name' },
        { name: 'Location', cell: ({ location }) => location || '–', minor: true },
        { name: 'Capacity', cell: ({ capacity }) => number(capacity), end: true },
        { name: 'State', cell: ({ is_bookable }) => <Badge tone={is_bookable ? 'good' : 'quiet'}>{is_bookable ? 'bookable' : 'not bookable'}</Badge> },
      ]}
      fields={[{ name: 'name' }, { name: 'location' }, { name: 'capacity' }, { name: 'is_bookable', label: 'Can be booked' }, { name: 'description', kind: 'area' }]}
      initial={{ is_bookable: true }} />
  );
}

const parts = [{ key: '', name: 'Week', part: Calendar }, { key: '/spaces', name: 'Spaces', part: Spaces }];

export function Bookings({ rest }: { rest: string }) {
  const at = parts.find(({ key }) => key === rest) ?? parts[0];
  if (!at) return null;
  return (
    <Page title="Bookings" note="Rooms, desks and whatever else is booked. Nothing is booked twice.">
      <Tabs label="Bookings" at={at.key} tabs={parts.map(({ key, name }) => ({ key, name, href: href(`/bookings${key}`) }))} />
      <at.part key={at.key} />
    </Page>
  );
}
