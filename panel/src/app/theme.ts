// Light, dark or as the system says; and the tenant's accent colour, made legible in both.

export type Theme = 'system' | 'light' | 'dark';
type Rgb = [number, number, number];

const STORED = 'tether-theme';
const DEFAULT_ACCENT = '#3b5bdb';
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
// The least favourable ground (src/web/pages/colours.css: --surface, in the dark --sunken), and how much of the accent a soft ground has.
const SURFACE: Record<'light' | 'dark', Rgb> = { light: [255, 255, 255], dark: [34, 39, 50] };
const SOFT = 0.12;
const LEGIBLE = 4.5; // WCAG 2.2, 1.4.3

let accent = DEFAULT_ACCENT;

export function parseColour(text: string | null | undefined): Rgb | undefined {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text ?? '')?.[1];
  if (!hex) return undefined;
  const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
  return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16)) as Rgb;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function mix(a: Rgb, b: Rgb, part: number): Rgb {
  return a.map((value, i) => Math.round(value + ((b[i] as number) - value) * part)) as Rgb;
}

// The nearest shade that can be read on the surface, and on the surface tinted with it.
function legibleOn(colour: Rgb, surface: Rgb): Rgb {
  const towards = luminance(surface) > 0.5 ? BLACK : WHITE;
  for (let part = 0; part < 1; part += 0.04) {
    const shade = mix(colour, towards, part);
    if (contrast(shade, mix(surface, shade, SOFT)) >= LEGIBLE) return shade;
  }
  return towards;
}

const css = (colour: Rgb): string => `rgb(${colour.join(' ')})`;

export function theme(): Theme {
  const stored = localStorage.getItem(STORED);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function isDark(): boolean {
  return theme() === 'dark' || (theme() === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
}

// A colour and what stands on it, as the theme shows them.
export function shadeFor(colour: string, mode: 'light' | 'dark'): { accent: string; onAccent: string } {
  const shade = legibleOn(parseColour(colour) ?? parseColour(DEFAULT_ACCENT) as Rgb, SURFACE[mode]);
  return { accent: css(shade), onAccent: css(contrast(shade, WHITE) >= LEGIBLE ? WHITE : BLACK) };
}

function apply(): void {
  const mode = isDark() ? 'dark' : 'light';
  const { accent: shade, onAccent } = shadeFor(accent, mode);
  const root = document.documentElement;
  root.dataset.theme = mode;
  root.style.setProperty('--accent', shade);
  root.style.setProperty('--on-accent', onAccent);
}

export function applyAccent(colour: string | null | undefined): void {
  accent = colour ?? DEFAULT_ACCENT;
  apply();
}

// Whether a colour is used as it stands in the light theme.
export function isLegible(colour: string): boolean {
  const rgb = parseColour(colour);
  return rgb !== undefined && css(legibleOn(rgb, SURFACE.light)) === css(rgb);
}

export function setTheme(choice: Theme): void {
  localStorage.setItem(STORED, choice);
  apply();
}

export function startTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
  apply();
}
