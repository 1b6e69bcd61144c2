// A week of bookings.
import { useState } from 'preact/hooks';
import { pageOf, useLoad } from '../../api/query';
import { useFilters } from '../../app/router';
import { may } from '../../app/session';
import { Button, Card, Empty, Loading, Trouble } from '../../ui/basics';
import { ask } from '../../ui/dialog';
import { Filters, Select } from '../../ui/filters';
import type { Choice, Values } from '../../ui/form';
import { tell } from '../../ui/toast';
import { nameIn, recordApi, useChoices } from '../records/record_api';
import type { RowIn } from '../records/record_api';
import { RecordDrawer } from '../records/record_list';
import type { Kind } from '../records/record_list';
import { addDays, dayOf, FIRST_HOUR, isoDay, isToday, LAST_HOUR, monday, place, weekOf } from './week';

export const spaces = recordApi('/api/spaces', '/api/spaces/{id}');
const bookings = recordApi('/api/bookings', '/api/bookings/{id}');
type Booking = RowIn<typeof bookings>;

const kind: Kind = { one: 'booking', many: 'bookings', schema: 'Booking', create: 'bookings.create', edit: 'bookings.edit', remove: 'bookings.delete' };

const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hour12: false });
const dayName = new Intl.DateTimeFormat('en', { weekday: 'short', day: 'numeric', month: 'short' });
const span = ({ starts_at: from, ends_at: until }: Booking): string => `${clock.format(new Date(from))}–${clock.format(new Date(until))}`;

function Day({ day, rows, choices, open, begin }: {
  day: Date; rows: Booking[]; choices: Choice[]; open: (row: Booking) => void; begin: (at: Date) => void;
}) {
  const hours = LAST_HOUR - FIRST_HOUR;
  const press = (event: MouseEvent): void => {
    const box = event.currentTarget as HTMLElement;
    if (event.target !== box) return;
    const hour = FIRST_HOUR + Math.floor((event.offsetY / box.clientHeight) * hours);
    begin(new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour));
  };
  return (
    <section class={`day${isToday(day) ? ' today' : ''}`} aria-label={dayName.format(day)}>
      <h3>{dayName.format(day)}</h3>
      <div class="day-body" onClick={press}>
        {place(rows, day).map(({ booking, top, height, lane, lanes }) => (
          <button key={booking.id} type="button" class={`slot${booking.status === 'cancelled' ? ' cancelled' : ''}`} onClick={() => open(booking)}
            style={{ top: `${top * 100}%`, height: `${height * 100}%`, left: `${(lane / lanes) * 100}%`, width: `${100 / lanes}%` }}>
            <b>{booking.title}</b><span>{span(booking)} · {nameIn(choices, booking.space_id)}</span>
          </button>
        ))}
      </div>
    </section>
  );
}

export function Calendar() {
  const [filter, setFilter] = useFilters();
  const [open, setOpen] = useState<{ row?: Booking; initial?: Values }>();
  const choices = useChoices(spaces);
  const start = monday(dayOf(filter('week')) ?? new Date());
  const end = addDays(start, 7);
  const space = filter('space');
  const { data, error, loading, reload } = useLoad(async (signal) => pageOf<Booking>(await bookings.list({
    limit: 200, sort: 'starts_at', space_id: space, status: 'confirmed', ends_at_from: start.toISOString(), starts_at_before: end.toISOString(),
  }, signal)), [start.getTime(), space]);
  const turn = (days: number): void => setFilter({ week: isoDay(addDays(start, days)) });
  const begin = (at: Date): void => {
    if (!may('bookings.create')) return;
    setOpen({ initial: { starts_at: at.toISOString(), ends_at: new Date(at.getTime() + 3_600_000).toISOString(), ...(space ? { space_id: Number(space) } : {}) } });
  };
  const nextHour = (): Date => new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000);
  const done = (): void => {
    setOpen(undefined);
    reload();
  };
  const cancel = async (row: Booking): Promise<void> => {
    if (!await ask({ title: `Cancel “${row.title}”?`, text: 'The space is free again.', confirm: 'Cancel booking', danger: true })) return;
    await bookings.update(row.id, { status: 'cancelled' });
    tell('The booking is cancelled.');
    done();
  };
  return (
    <Card flush>
      <Filters>
        <Button small icon="left" label="Week before" onClick={() => turn(-7)} />
        <Button small onClick={() => setFilter({ week: '' })}>This week</Button>
        <Button small icon="right" label="Week after" onClick={() => turn(7)} />
        <b class="week-name">{dayName.format(start)} – {dayName.format(addDays(start, 6))} {start.getFullYear()}</b>
        <span class="actions">
          <Select label="Space" value={space} any="Every space" choices={choices} onPick={(id) => setFilter({ space: id })} />
          {may('bookings.create') && <Button kind="primary" icon="plus" disabled={!choices.length} onClick={() => begin(nextHour())}>New booking</Button>}
        </span>
      </Filters>
      {error && <Trouble problem={error} retry={reload} />}
      {!data && !error && <Loading rows={8} />}
      {data && !choices.length && !loading && <Empty title="There is nothing to book yet.">Make a space first, under “Spaces”.</Empty>}
      {data && (
        <div class="week" aria-busy={loading}>
          <div class="hours" aria-hidden="true">
            {Array.from({ length: LAST_HOUR - FIRST_HOUR }, (_, i) => <span key={i}>{`${FIRST_HOUR + i}:00`}</span>)}
          </div>
          {weekOf(start).map((day) => <Day key={day.getTime()} day={day} rows={data.rows} choices={choices} open={(row) => setOpen({ row })} begin={begin} />)}
        </div>
      )}
      {open && (
        <RecordDrawer kind={kind} records={bookings} row={open.row} initial={open.initial} onClose={() => setOpen(undefined)} onDone={done}
          fields={[
            { name: 'title', placeholder: 'Board meeting' }, { name: 'space_id', label: 'Space', kind: 'choice', choices, numeric: true },
            { name: 'starts_at', label: 'From' }, { name: 'ends_at', label: 'Until' }, { name: 'notes', kind: 'area' },
          ]}>
          {open.row && may('bookings.edit') && <div class="actions"><Button kind="danger" onClick={() => cancel(open.row as Booking)}>Cancel booking</Button></div>}
        </RecordDrawer>
      )}
    </Card>
  );
}
