// An invitation: looking at it changes nothing; accepting it makes an account or joins the one there is, and signs in.
import { ask, atTime, find, make, say, segment } from './common.js';

const token = segment();
const form = document.querySelector('form');

function show({ email, tenant_name: tenant, expires_at: until }) {
  find('title').textContent = `Join ${tenant}`;
  find('lead').append('This invitation is for ', make('strong', {}, email), ' alone and holds until ', atTime(until), '.');
  form.elements.email.value = email;
  find('invitation').hidden = false;
}

// Into the panel at once, with the cookie that its own sign-in sets.
async function enter(email, password) {
  const reply = await ask('POST', '/api/auth/session', { email, password });
  find('invitation').hidden = true;
  if (reply.ok) location.assign('/panel/');
  say(find('said'), 'Welcome! ', 'good');
  find('said').append(make('a', { href: '/panel/' }, 'Go on to the panel'));
  find('said').focus();
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  const { email, name, password } = Object.fromEntries(new FormData(form));
  button.disabled = true;
  const reply = await ask('POST', '/api/invites/accept', { token, password, ...(name.trim() && { name }) });
  button.disabled = false;
  if (reply.ok) {
    await enter(email, password);
    return;
  }
  say(find('said'), reply.data, 'bad');
  find('said').focus();
});

const reply = await ask('GET', `/api/invites/validate/${encodeURIComponent(token)}`);
if (reply.ok) show(reply.data);
else say(find('said'), reply.data, 'bad');
