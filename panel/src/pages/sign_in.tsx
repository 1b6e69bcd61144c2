import { useState } from 'preact/hooks';
import { Problem } from '../api/problem';
import { Brand } from '../app/shell';
import { signIn, useSession } from '../app/session';
import { Notice } from '../ui/basics';
import { Form } from '../ui/form';
import type { Field, Values } from '../ui/form';

const fields: Field[] = [
  { name: 'email', label: 'Email', kind: 'email', required: true, max: 254, autocomplete: 'username' },
  { name: 'password', label: 'Password', kind: 'password', required: true },
];

const elsewhere: Field[] = [
  { name: 'slug', label: 'Your organisation', kind: 'text', required: true, placeholder: 'acme', help: 'Its short name, as in its address' },
];

export function SignIn() {
  const session = useSession();
  const [isCustomer, setCustomer] = useState(false);
  const send = async ({ email, password }: Values): Promise<void> => {
    try {
      await signIn(String(email), String(password));
    } catch (error) {
      setCustomer(error instanceof Problem && error.word === 'not-a-member');
      throw error;
    }
  };
  const lead = async ({ slug }: Values): Promise<void> => {
    location.href = `${location.protocol}//${encodeURIComponent(String(slug))}.${location.host}${location.pathname}`;
  };
  return (
    <main class="gate">
      <div class="gate-box">
        <h1><Brand session={session} /></h1>
        <p class="note">Sign in to the admin panel.</p>
        {session.expired && <Notice tone="warn">Your session has ended. Sign in again to go on where you were.</Notice>}
        {session.problem && !session.expired && <Notice tone="warn">{session.problem.message}</Notice>}
        <Form fields={fields} submit="Sign in" onSubmit={send} />
        {isCustomer && (
          <div class="gate-more">
            <p>This address is for the operator’s staff. Members sign in at their organisation’s own address.</p>
            <Form fields={elsewhere} submit="Go there" onSubmit={lead} />
          </div>
        )}
      </div>
    </main>
  );
}
