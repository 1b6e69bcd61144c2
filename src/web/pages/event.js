// One event, and the form to register for it.
import { ask, atTime, availability, facts, find, fromTo, make, money, orderForm, say, segment } from './common.js';

const path = `/api/public/events/${encodeURIComponent(segment())}`;

function show(event) {
  document.title = document.title.replace('Event', event.title);
  find('title').textContent = event.title;
  find('event').append(
    availability(event),
    facts([
      ['When', fromTo(event.starts_at, event.ends_at)],
      ['Where', event.location],
      ['Price', money(event.price, event.currency)],
      ['Registration', event.availability === 'not_yet' ? make('span', {}, 'opens ', atTime(event.registration_opens_at)) : null],
    ]),
    make('p', { className: 'text' }, event.description));
  find('register').hidden = event.availability !== 'open';
  orderForm(document.querySelector('#register form'), find('said'), () => `${path}/registrations`);
}

const reply = await ask('GET', path);
if (reply.ok) show(reply.data);
else say(find('said'), reply.status === 404 ? 'This event does not exist, or it is over.' : reply.data, 'bad');
