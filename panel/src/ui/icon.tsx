// Line icons, 24 × 24, drawn in the colour of the text around them.
const PATHS = {
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z',
  assets: 'M3 8l9-5 9 5v8l-9 5-9-5zM3 8l9 5 9-5M12 13v8',
  contacts: 'M5 4h14v16H5zM9 10a3 3 0 1 0 6 0a3 3 0 1 0-6 0M8.5 17c1-2 6-2 7 0M2 8h3M2 12h3M2 16h3',
  bookings: 'M4 6h16v14H4zM4 10h16M8 3v4M16 3v4M8 14h3v3H8z',
  team: 'M9 11a3.5 3.5 0 1 0 0-7a3.5 3.5 0 0 0 0 7M2.5 20c.5-4 3-6 6.500-6s6 2 6.500 6M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14.500c2 .8 3.200 2.600 3.500 5.500',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 7a2 2 0 1 0 4 0a2 2 0 1 0-4 0M6 17a2 2 0 1 0 4 0a2 2 0 1 0-4 0',
  display: 'M3 4h18v12H3zM9 20h6M12 16v4',
  audit: 'M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7',
  staff: 'M4 21V5l8-2v18M12 8h8v13M7 8h2M7 12h2M7 16h2M15 12h2M15 16h2M2 21h20',
  account: 'M12 12a4 4 0 1 0 0-8a4 4 0 0 0 0 8M4 21c.5-4.500 3.500-6.500 8-6.500s7.500 2 8 6.500',
  search: 'M11 18a7 7 0 1 0 0-14a7 7 0 0 0 0 14M16 16l5 5',
  plus: 'M12 5v14M5 12h14',
  more: 'M6 12m-.8 0a.8.8 0 1 0 1.600 0a.8.8 0 1 0-1.600 0M12 12m-.8 0a.8.8 0 1 0 1.600 0a.8.8 0 1 0-1.600 0M18 12m-.8 0a.8.8 0 1 0 1.600 0a.8.8 0 1 0-1.600 0',
  close: 'M6 6l12 12M18 6L6 18',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  down: 'M6 9l6 6 6-6',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12.500l5 5L20 7',
  warning: 'M12 4L2.500 20h19zM12 10v4M12 17h.01',
  out: 'M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9',
  menu: 'M4 7h16M4 12h16M4 17h16',
  light: 'M12 16a4 4 0 1 0 0-8a4 4 0 0 0 0 8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2',
  dark: 'M20 14A8.500 8.500 0 0 1 10 4a8.500 8.500 0 1 0 10 10z',
  download: 'M12 4v11M7 11l5 5 5-5M4 20h16',
  upload: 'M12 16V5M7 9l5-5 5 5M4 20h16',
  question: 'M12 21a9 9 0 1 0 0-18a9 9 0 0 0 0 18M9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.8.4-1 1-1 1.700M12 16.500h.01',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2',
  external: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
