// A screen of a tenant's: it is paired by a code or a link, then shows what it is told to. docs/devices.md says how.
const PAIRINGS = '/api/public/displays/pairings';
const STATE = '/api/displays/state';
const KEPT = 'tether.display'; // { token, previous, etag, state }
const POLL_S = 10;
const AWAY_MAX_S = 30;

const at = (id) => document.getElementById(id);
const sleep = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });

// ---- what outlives a reload ----

function recall() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

let kept = recall();

function keep(changes) {
  kept = { ...kept, ...changes };
  localStorage.setItem(KEPT, JSON.stringify(kept));
}

function forget() {
  kept = {};
  localStorage.removeItem(KEPT);
}

// ---- asking ----

// { status, data, etag, wait }: status 0 when the server is out of reach, and how long it wants to be left alone.
async function ask(method, path, headers = {}) {
  try {
    const reply = await fetch(path, { method, headers, cache: 'no-store', credentials: 'omit' });
    const json = reply.headers.get('content-type')?.includes('json') ? await reply.json() : null;
    return {
      status: reply.status, data: json?.data, etag: reply.headers.get('etag'), wait: Number(reply.headers.get('retry-after')) || 0,
    };
  } catch {
    return { status: 0, wait: 0 };
  }
}

// ---- showing ----

function view(name) {
  for (const id of ['pairing', 'show']) at(id).hidden = id !== name;
  at('foot').hidden = name !== 'show';
}

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

const textOf = (value) => (['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '');

function listOf(items) {
  const list = document.createElement('ul');
  for (const item of Array.isArray(items) ? items : []) {
    const row = document.createElement('li');
    const isPair = item !== null && typeof item === 'object';
    row.append(element('span', textOf(isPair ? item.label : item)));
    if (isPair) row.append(element('span', textOf(item.value), 'value'));
    list.append(row);
  }
  return list;
}

let ticking;

function clock() {
  const face = document.createElement('time');
  const date = element('p', '');
  const tick = () => {
    const now = new Date();
    face.textContent = now.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    date.textContent = now.toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' });
  };
  tick();
  ticking = setInterval(tick, 1000);
  return [face, date];
}

// What each layout puts below the heading.
const layouts = {
  text: (content) => [element('p', textOf(content.text))],
  notice: (content) => [element('p', textOf(content.text))],
  list: (content) => [listOf(content.items)],
  clock,
};

function show(state) {
  const { content } = state;
  const layout = Object.hasOwn(layouts, content.layout) ? content.layout : 'text';
  clearInterval(ticking);
  document.title = state.name;
  document.documentElement.style.setProperty('--accent', state.tenant.accent_colour ?? '');
  const isEmpty = Object.keys(content).length === 0;
  at('heading').textContent = isEmpty ? state.name : textOf(content.heading);
  at('heading').hidden = at('heading').textContent === '';
  at('body').replaceChildren(...(isEmpty ? [element('p', state.tenant.name)] : layouts[layout](content)));
  at('name').textContent = state.name;
  at('tenant').textContent = state.tenant.name;
  if (layout === 'notice') at('show').dataset.level = textOf(content.level) || 'info';
  else delete at('show').dataset.level;
  view('show');
}

function notShown(state, why) {
  show({ ...state, content: { heading: state.name, text: why } });
}

const tell = (text) => { at('link').textContent = text; };

// ---- pairing ----

function showCode(pairing) {
  at('code').textContent = pairing.code;
  at('where').textContent = pairing.verification_uri.replace(/^https?:\/\//, '');
  at('qr').src = `data:image/svg+xml,${encodeURIComponent(pairing.qr_svg)}`;
  at('progress').textContent = 'Waiting to be paired …';
  document.title = `Pair ${pairing.code}`;
  view('pairing');
}

// A new code; for as long as there is none, what stands in the way.
async function beginPairing() {
  for (;;) {
    const { status, data, wait } = await ask('POST', PAIRINGS);
    if (status === 201) return data;
    at('progress').textContent = status === 0 ? 'The server cannot be reached; trying again …' : 'No code can be had now; trying again …';
    view('pairing');
    await sleep(wait || POLL_S);
  }
}

// The device token, or null when another pairing has to begin.
async function pollUntilPaired(pollToken, interval) {
  for (let pause = interval; ;) {
    const { status, data, wait } = await ask('GET', `${PAIRINGS}/${pollToken}`);
    if (data?.status === 'paired') return data.device_token;
    if (status === 404 || data?.status === 'expired') return null;
    at('progress').textContent = status === 0 ? 'The server cannot be reached; trying again …' : 'Waiting to be paired …';
    pause = data?.interval ?? pause;
    await sleep(wait || pause);
  }
}

// By the secret of a link, when the page was opened by one; the address bar is not to show it.
function secretOfLink() {
  const secret = new URLSearchParams(location.hash.slice(1)).get('pair');
  if (location.hash) history.replaceState(null, '', location.pathname);
  return secret;
}

async function pair(secret) {
  if (secret) {
    at('heading').textContent = 'One moment …';
    view('show');
    at('foot').hidden = true;
  }
  let token = secret && await pollUntilPaired(encodeURIComponent(secret), POLL_S / 2);
  if (!token && kept.token) return; // the link was used before, by this very screen
  while (!token) {
    const pairing = await beginPairing();
    showCode(pairing);
    token = await pollUntilPaired(pairing.poll_token, pairing.interval);
  }
  forget();
  keep({ token });
}

// ---- the state ----

// The token that came with a state holds from now on; the one before it is good for one more try.
function take({ data, etag }) {
  const { next_token: next, ...state } = data;
  keep({ state, etag, ...(next ? { token: next, previous: kept.token } : {}) });
  show(state);
}

// Unpaired, unless the token that was handed over never came into its own.
function refused() {
  if (kept.previous) keep({ token: kept.previous, previous: undefined });
  else forget();
}

const states = {
  200: take,
  304: () => keep({ previous: undefined }),
  401: refused,
  403: () => kept.state && notShown(kept.state, 'This display is not available at the moment.'),
};

async function showUntilUnpaired() {
  if (kept.state) show(kept.state);
  for (let away = 0; kept.token;) {
    const reply = await ask('GET', STATE, {
      authorization: `Bearer ${kept.token}`, ...(kept.etag && !at('show').hidden ? { 'if-none-match': kept.etag } : {}),
    });
    states[reply.status]?.(reply);
    if (reply.status === 403) keep({ etag: undefined });
    away = reply.status === 0 || reply.status >= 500 ? away + 1 : 0;
    tell(away ? 'Offline' : '');
    if (kept.token && reply.status !== 401) await sleep(reply.wait || (away ? Math.min(2 ** away, AWAY_MAX_S) : kept.state?.poll_interval ?? POLL_S));
  }
}

// A screen that is watched does not go to sleep, where the browser lets a page say so.
async function stayAwake() {
  try {
    await navigator.wakeLock?.request('screen');
  } catch {
    // it may not; nothing else depends on it
  }
}

async function run() {
  stayAwake();
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && stayAwake());
  for (let secret = secretOfLink(); ; secret = null) {
    if (secret || !kept.token) await pair(secret);
    await showUntilUnpaired();
  }
}

run();
