// The small parts everything else is put together from.
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { advice } from '../api/problem';
import type { Problem } from '../api/problem';
import { Icon } from './icon';
import type { IconName } from './icon';
import { complain, tell } from './toast';

export interface ButtonProps {
  children?: ComponentChildren;
  onClick?: () => unknown; // a promise keeps the button busy, and its failure becomes a toast
  kind?: 'primary' | 'plain' | 'danger' | 'bare';
  type?: 'button' | 'submit';
  icon?: IconName;
  label?: string; // for buttons that are an icon alone
  disabled?: boolean | undefined;
  busy?: boolean;
  small?: boolean;
}

export function Button({ children, onClick, kind = 'plain', type = 'button', icon, label, disabled, busy, small }: ButtonProps) {
  const [running, setRunning] = useState(false);
  const press = async (): Promise<void> => {
    if (!onClick) return;
    try {
      const work = onClick();
      if (!(work instanceof Promise)) return;
      setRunning(true);
      await work;
    } catch (error) {
      complain(error);
    } finally {
      setRunning(false);
    }
  };
  const isBusy = busy || running;
  return (
    <button class={`button ${kind}${small ? ' small' : ''}`} type={type} aria-label={label} title={label}
      disabled={disabled || isBusy} aria-busy={isBusy} onClick={press}>
      {icon && <Icon name={icon} />}{children && <span>{children}</span>}
    </button>
  );
}

export function Page({ title, note, actions, children }: {
  title: string; note?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren;
}) {
  return (
    <>
      <header class="page-head">
        <div><h1>{title}</h1>{note && <p class="note">{note}</p>}</div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Card({ title, actions, children, flush }: {
  title?: string; actions?: ComponentChildren; children: ComponentChildren; flush?: boolean;
}) {
  const id = useId();
  return (
    <section class={`card${flush ? ' flush' : ''}`} aria-labelledby={title ? id : undefined}>
      {title && <header class="card-head"><h2 id={id}>{title}</h2>{actions && <div class="actions">{actions}</div>}</header>}
      <div class="card-body">{children}</div>
    </section>
  );
}

export type Tone = 'good' | 'bad' | 'warn' | 'accent' | 'quiet';

export function Badge({ tone = 'quiet', children }: { tone?: Tone | undefined; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function Trouble({ problem, retry }: { problem: Problem; retry?: (() => void) | undefined }) {
  return (
    <div class="notice bad" role="alert">
      <Icon name="warning" />
      <div class="grow"><p>{advice(problem)}</p></div>
      {retry && <Button small onClick={retry}>Try again</Button>}
    </div>
  );
}

export function Notice({ tone = 'accent', children }: { tone?: Tone; children: ComponentChildren }) {
  return <div class={`notice ${tone}`}><Icon name={tone === 'good' ? 'check' : 'warning'} /><div class="grow">{children}</div></div>;
}

export function Empty({ title, children, action }: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return <div class="empty"><p class="empty-title">{title}</p>{children && <p>{children}</p>}{action}</div>;
}

export function Loading({ rows = 4 }: { rows?: number }) {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => <div key={i} class="bone" />)}
    </div>
  );
}

export async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  tell('Copied.');
}

export function CopyField({ label, value }: { label: string; value: string }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="joined">
        <input id={id} class="mono" readOnly value={value} onFocus={(event) => event.currentTarget.select()} />
        <Button icon="copy" onClick={() => copy(value)}>Copy</Button>
      </div>
    </div>
  );
}

export function Tabs({ label, tabs, at }: { label: string; tabs: { name: string; href: string; key: string }[]; at: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ name, href, key }) => <a key={key} href={href} aria-current={key === at ? 'page' : undefined}>{name}</a>)}
    </nav>
  );
}

export function Avatar({ name }: { name: string }) {
  const letters = name.split(/\s+/).filter(Boolean).map((word) => word[0]).slice(0, 2).join('').toUpperCase();
  return <span class="avatar" aria-hidden="true">{letters || '?'}</span>;
}

export function Person({ name, detail }: { name: string; detail?: string | undefined }) {
  return <span class="person"><Avatar name={name} /><span><b>{name}</b>{detail && <small>{detail}</small>}</span></span>;
}
