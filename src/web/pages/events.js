// What is on: a page of events, and more on demand.
import { ask, availability, find, fromTo, here, make, money, say } from './common.js';

let next;

function card(event) {
  return make('li', { className: 'card linked' },
    make('h2', {}, make('a', { href: here(`/events/${event.id}`) }, event.title)),
    fromTo(event.starts_at, event.ends_at),
    make('span', { className: 'note' }, [event.location, money(event.price, event.currency)].filter(Boolean).join(' · ')),
    availability(event));
}

async function show() {
  const reply = await ask('GET', `/api/public/events?limit=20${next ? `&cursor=${encodeURIComponent(next)}` : ''}`);
  if (!reply.ok) return say(find('said'), reply.data, 'bad');
  find('list').append(...reply.data.map(card));
  if (!find('list').childElementCount) say(find('said'), 'There is nothing on at the moment.');
  next = reply.next;
  find('more').hidden = !next;
}

find('more').addEventListener('click', show);
show();
