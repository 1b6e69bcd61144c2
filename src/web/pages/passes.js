// Day passes: choose a day, then a pass.
import { ask, availability, find, make, money, orderForm, say } from './common.js';

const date = find('date');
const today = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
let chosen;

function choose(pass) {
  chosen = pass;
  const form = document.querySelector('#buy form');
  find('buy-title').textContent = `${pass.name}, ${money(pass.price, pass.currency)}`;
  find('buy').hidden = form.hidden = false;
  say(find('said'), '');
  form.elements.name.focus();
}

function card(pass) {
  const button = make('button', { type: 'button', disabled: pass.availability !== 'open' }, 'Choose');
  button.setAttribute('aria-label', `Choose ${pass.name}`);
  button.addEventListener('click', () => choose(pass));
  return make('li', { className: 'card' }, make('h2', {}, pass.name), make('p', { className: 'text' }, pass.description),
    make('span', { className: 'note' }, money(pass.price, pass.currency)), availability(pass), button);
}

async function show() {
  find('buy').hidden = true;
  if (!date.value) return;
  const reply = await ask('GET', `/api/public/day-passes?limit=200&date=${date.value}`);
  find('list').replaceChildren(...(reply.ok ? reply.data.map(card) : []));
  say(find('said'), reply.ok ? (reply.data.length ? '' : 'There are no day passes at the moment.') : reply.data, reply.ok ? '' : 'bad');
}

date.min = today;
date.value = today;
date.addEventListener('change', show);
find('day').addEventListener('submit', (event) => event.preventDefault());
orderForm(document.querySelector('#buy form'), find('said'), () => `/api/public/day-passes/${chosen.id}/purchases`, () => ({ date: date.value }));
show();
