// The ticket of a code: what for, its QR code, and a way to give it back.
import { ask, atTime, facts, find, fromTo, here, money, onDay, say, segment } from './common.js';

const code = segment();
const path = `/api/public/portal/${encodeURIComponent(code)}`;
const states = {
  pending: ['', 'To be paid'], confirmed: ['good', 'Confirmed'], cancelled: ['bad', 'Cancelled'], expired: ['bad', 'Expired'],
};

function show(ticket) {
  const [kind, state] = ticket.checked_in_at ? ['good', 'Used'] : states[ticket.status];
  const isLive = ['pending', 'confirmed'].includes(ticket.status);
  find('title').textContent = ticket.title;
  find('status').className = `badge ${kind}`;
  find('status').textContent = state;
  find('facts').replaceChildren(facts([
    ['When', ticket.date ? onDay(ticket.date) : fromTo(ticket.starts_at, ticket.ends_at)],
    ['Where', ticket.location],
    ['Name', ticket.name],
    ['For', ticket.quantity === 1 ? 'one' : String(ticket.quantity)],
    ['Price', money(ticket.amount, ticket.currency)],
    ['Pay by', ticket.status === 'pending' ? atTime(ticket.expires_at) : null],
    ['Came', ticket.checked_in_at ? atTime(ticket.checked_in_at) : null],
  ]));
  find('code').textContent = isLive ? code : '';
  find('qr').hidden = !isLive;
  if (isLive) find('qr').src = here(`${ticket.qr_url}?format=svg&size=480`);
  find('print').hidden = !isLive;
  find('cancel').hidden = !ticket.may_cancel;
  find('ticket').hidden = false;
}

async function cancel() {
  const reply = await ask('POST', `${path}/cancel`);
  say(find('said'), reply.ok ? 'The ticket is cancelled.' : reply.data, reply.ok ? 'good' : 'bad');
  if (reply.ok) show(reply.data);
  find('said').focus();
}

find('print').addEventListener('click', () => window.print());
find('cancel').addEventListener('click', () => find('sure').showModal());
find('sure').addEventListener('close', () => find('sure').returnValue === 'yes' && cancel());

const reply = await ask('GET', path);
if (reply.ok) show(reply.data);
else {
  find('none').hidden = false;
  say(find('said'), reply.status === 404 ? 'There is no ticket with this code. Is the link whole?' : reply.data, 'bad');
}
