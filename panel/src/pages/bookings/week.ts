// Where bookings stand in a week: days, minutes, and lanes beside each other where they overlap.
export const FIRST_HOUR = 7;
export const LAST_HOUR = 21;
const DAY_MS = 86_400_000;

export interface Slot {
  starts_at: string;
  ends_at: string;
}

export interface Placed<T> {
  booking: T;
  top: number; // parts of the day shown, 0 to 1
  height: number;
  lane: number;
  lanes: number;
}

export function monday(of: Date): Date {
  const day = new Date(of.getFullYear(), of.getMonth(), of.getDate());
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7));
  return day;
}

export function addDays(day: Date, n: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + n);
}

export const isoDay = (day: Date): string => new Date(day.getTime() - day.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

export function dayOf(text: string): Date | undefined {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00`) : undefined;
}

const part = (time: number, day: Date): number => {
  const hours = (time - day.getTime()) / 3_600_000;
  return Math.min(1, Math.max(0, (hours - FIRST_HOUR) / (LAST_HOUR - FIRST_HOUR)));
};

// Those of a day, each in the first lane that is free; a group that touches shares the width.
export function place<T extends Slot>(bookings: T[], day: Date): Placed<T>[] {
  const from = day.getTime();
  const until = addDays(day, 1).getTime();
  const own = bookings
    .map((booking) => ({ booking, start: Date.parse(booking.starts_at), end: Date.parse(booking.ends_at) }))
    .filter(({ start, end }) => start < until && end > from)
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const placed: Placed<T>[] = [];
  let group: Placed<T>[] = [];
  let ends: number[] = [];
  for (const { booking, start, end } of own) {
    if (ends.every((lane) => lane <= start)) {
      group = [];
      ends = [];
    }
    const free = ends.findIndex((lane) => lane <= start);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = end;
    const top = part(Math.max(start, from), day);
    const height = Math.max(part(Math.min(end, until), day) - top, 0.03);
    const one = { booking, top: Math.min(top, 0.97), height, lane, lanes: 1 };
    placed.push(one);
    group.push(one);
    for (const member of group) member.lanes = ends.length;
  }
  return placed;
}

export const weekOf = (start: Date): Date[] => Array.from({ length: 7 }, (_, i) => addDays(start, i));
export const isToday = (day: Date): boolean => Math.abs(Date.now() - day.getTime() - DAY_MS / 2) <= DAY_MS / 2;
