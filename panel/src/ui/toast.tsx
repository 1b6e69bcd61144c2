// Short notes of what happened; screen readers say them.
import { useEffect, useRef, useState } from 'preact/hooks';
import { advice, Problem } from '../api/problem';
import { Icon } from './icon';

interface Toast {
  id: number;
  text: string;
  tone: 'good' | 'bad';
}

const SHOWN_MS = 6000;
let toasts: Toast[] = [];
let redraw = (): void => {};
let count = 0;

function drop(id: number): void {
  toasts = toasts.filter((toast) => toast.id !== id);
  redraw();
}

function add(text: string, tone: Toast['tone']): void {
  const id = ++count;
  toasts = [...toasts.slice(-2), { id, text, tone }];
  redraw();
  setTimeout(() => drop(id), SHOWN_MS);
}

export function tell(text: string): void {
  add(text, 'good');
}

export function complain(error: unknown): void {
  add(error instanceof Problem ? advice(error) : String(error), 'bad');
}

// Above any dialog that is open.
function raise(box: HTMLDivElement | null): void {
  if (!box?.showPopover) return;
  if (box.matches(':popover-open')) box.hidePopover();
  if (toasts.length) box.showPopover();
}

export function Toasts() {
  const [, set] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => { redraw = () => set((n) => n + 1); }, []);
  useEffect(() => raise(box.current), [toasts]);
  return (
    <div ref={box} class="toasts" popover="manual" role="status" aria-live="polite">
      {toasts.map(({ id, text, tone }) => (
        <div key={id} class={`toast ${tone}`}>
          <Icon name={tone === 'good' ? 'check' : 'warning'} />
          <span>{text}</span>
          <button class="bare" type="button" aria-label="Dismiss" onClick={() => drop(id)}><Icon name="close" /></button>
        </div>
      ))}
    </div>
  );
}
