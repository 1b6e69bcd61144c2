// The kiosk: a scanner types like a keyboard and ends with Enter.
import { ask, find, say } from './common.js';

const form = document.querySelector('form');
const input = form.elements.code;
const SHOWN_MS = 8000;
let timer;

function tell(text, kind) {
  clearTimeout(timer);
  say(find('said'), text, kind);
  timer = setTimeout(() => say(find('said'), ''), SHOWN_MS);
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const code = input.value.trim();
  input.value = '';
  input.focus();
  if (!code) return;
  const { ok, status, data } = await ask('POST', '/api/public/check-in', { code });
  if (ok) tell(`Welcome, ${data.name}${data.quantity > 1 ? `, and ${data.quantity - 1} more` : ''}!${data.title ? ` ${data.title}` : ''}`, 'good');
  else tell(status === 404 ? 'This code is not known here.' : data, 'bad');
});
