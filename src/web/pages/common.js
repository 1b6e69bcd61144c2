// What the public pages share: asking the API, the tenant's branding, and how things are said.

// At the root domain the tenant is named in the page's address, and handed on.
const tenant = new URLSearchParams(location.search).get('tenant');
export const here = (path) => (tenant === null ? path : `${path}${path.includes('?') ? '&' : '?'}tenant=${encodeURIComponent(tenant)}`);
export const segment = () => decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1) ?? '');

const trouble = {
  429: 'Too many requests from your network. Please wait a minute and try again.',
  503: 'The server is busy. Please try again in a moment.',
};

// { ok, status, data }: what the answer holds, in whichever surface's envelope, or a sentence that says what is wrong.
export async function ask(method, path, json) {
  try {
    const reply = await fetch(here(path), {
      method,
      headers: { accept: 'application/json', ...(json && { 'content-type': 'application/json' }) },
      body: json && JSON.stringify(json),
      credentials: 'same-origin',
    });
    const body = await reply.json();
    const data = 'success' in body ? body.data : body.detail ?? body;
    return { ok: reply.ok, status: reply.status, data: trouble[reply.status] ?? data, next: body.next };
  } catch {
    return { ok: false, status: 0, data: 'The server cannot be reached. Please try again.' };
  }
}

export const find = (id) => document.getElementById(id);

// An element with its properties and children; text is never read as markup.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function say(element, text, kind = '') {
  element.className = `said ${kind}`;
  element.textContent = text;
}

export function facts(rows) {
  return make('dl', { className: 'facts' }, ...rows.filter(([, value]) => value)
    .flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));
}

// ---- how things are said ----

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit', timeZoneName: 'short' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeZone: 'UTC' });

export const atTime = (iso) => make('time', { dateTime: iso }, moment.format(new Date(iso)));
export const onDay = (date) => make('time', { dateTime: date }, day.format(new Date(`${date}T00:00:00Z`)));
export function fromTo(startsAt, endsAt) {
  const [start, end] = [new Date(startsAt), new Date(endsAt)];
  const last = start.toDateString() === end.toDateString() ? clock.format(end) : moment.format(end);
  return make('span', {}, atTime(startsAt), ' – ', make('time', { dateTime: endsAt }, last));
}

export function money(amount, currency) {
  if (amount === 0) return 'free';
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const availabilities = {
  open: ['good', ({ left }) => (left === 1 ? '1 left' : `${left} left`)],
  sold_out: ['bad', () => 'Sold out'],
  not_yet: ['', () => 'Not open yet'],
  closed: ['bad', () => 'Closed'],
};
export function availability(offer) {
  const [kind, text] = availabilities[offer.availability];
  return make('span', { className: `badge ${kind}` }, text(offer));
}

// ---- a form that orders ----

// `extra` adds to what is sent. Once it went well the form gives way to what is said.
export function orderForm(form, said, path, extra = () => ({})) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    const { name, email, quantity } = Object.fromEntries(new FormData(form));
    button.disabled = true;
    const reply = await ask('POST', path(), { name, email, quantity: Number(quantity), ...extra() });
    button.disabled = false;
    if (!reply.ok) {
      say(said, reply.data, 'bad');
      said.focus();
      return;
    }
    const { code, status, expires_at: until, amount, currency } = reply.data;
    form.closest('section').hidden = true; // with its heading
    say(said, '', 'good');
    said.append(
      make('strong', {}, status === 'confirmed' ? 'You are registered.' : 'We hold your seats.'), ' ',
      status === 'confirmed' ? 'Your ticket is on its way to you by mail. ' : make('span', {}, `Please pay ${money(amount, currency)} by `, atTime(until), '. '),
      make('a', { href: here(`/portal/${code}`) }, 'Show the ticket'));
    said.focus();
  });
}

// ---- branding ----

// The relative luminance of WCAG 2.
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function paint(accent) {
  if (!/^#[0-9a-f]{6}$/i.test(accent ?? '')) return;
  const { style } = document.documentElement;
  style.setProperty('--accent', accent);
  style.setProperty('--on-accent', luminance(accent) > 0.179 ? '#000' : '#fff');
}

async function brand() {
  if (tenant !== null) return; // branding goes by the host alone
  const reply = await fetch('/api/public/branding', { credentials: 'omit' }).catch(() => null);
  if (!reply?.ok) return;
  const { tenant_name: name, logo_url: logo, accent_colour: accent } = await reply.json();
  paint(accent);
  find('brand').textContent = name;
  document.title = `${document.title} · ${name}`;
  if (!/^https:\/\//.test(logo ?? '')) return;
  const image = make('img', { src: logo, alt: '' });
  image.addEventListener('error', () => image.remove());
  find('brand').before(image);
}

for (const link of document.querySelectorAll('nav a')) link.href = here(link.getAttribute('href'));
brand();
