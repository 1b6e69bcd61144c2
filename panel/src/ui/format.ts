// Times and numbers for people, in their own time zone.
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });
const minute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [['minute', 60], ['hour', 3600], ['day', 86400], ['week', 604800]];

export function onDay(iso: string | null | undefined): string {
  return iso ? day.format(new Date(iso)) : '–';
}

export function at(iso: string | null | undefined): string {
  return iso ? minute.format(new Date(iso)) : '–';
}

// "3 minutes ago", "in 2 days"; a date when that is far away.
export function when(iso: string | null | undefined): string {
  if (!iso) return 'never';
  const left = (new Date(iso).getTime() - Date.now()) / 1000;
  const size = Math.abs(left);
  if (size < 45) return 'just now';
  if (size > 4 * 604800) return onDay(iso);
  const [unit, length] = STEPS.filter(([, seconds]) => size >= seconds * 0.9).at(-1) ?? STEPS[0] as [Intl.RelativeTimeFormatUnit, number];
  return relative.format(Math.round(left / length), unit);
}

export function number(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toLocaleString('en');
}
