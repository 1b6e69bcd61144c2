// A button with a list of deeds.
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icon';
import type { IconName } from './icon';
import { complain } from './toast';

export interface Deed {
  name: string;
  run: () => unknown;
  icon?: IconName;
  danger?: boolean;
  hidden?: boolean | undefined;
}

export function Menu({ label, deeds, children }: { label: string; deeds: Deed[]; children?: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const shown = deeds.filter(({ hidden }) => !hidden);

  useLayoutEffect(() => {
    if (!open) return undefined;
    const items = (): HTMLElement[] => [...box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? []];
    items()[0]?.focus();
    const outside = (event: Event): void => { if (!box.current?.contains(event.target as Node)) setOpen(false); };
    const key = (event: KeyboardEvent): void => {
      const all = items();
      const at = all.indexOf(document.activeElement as HTMLElement);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === 'Escape' || event.key === 'Tab') {
        setOpen(false);
        if (event.key === 'Escape') box.current?.querySelector('button')?.focus();
      } else if (step) {
        event.preventDefault();
        all[(at + step + all.length) % all.length]?.focus();
      }
    };
    document.addEventListener('mousedown', outside);
    document.addEventListener('keydown', key);
    return () => {
      document.removeEventListener('mousedown', outside);
      document.removeEventListener('keydown', key);
    };
  }, [open]);

  if (!shown.length) return null;
  const run = async (deed: Deed): Promise<void> => {
    setOpen(false);
    try {
      await deed.run();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <div class="menu" ref={box}>
      <button type="button" class={children ? 'menu-button' : 'button bare small'} aria-label={children ? undefined : label}
        aria-haspopup="menu" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        {children ?? <Icon name="more" />}
      </button>
      {open && (
        <div id={id} class="menu-list" role="menu" aria-label={label}>
          {shown.map((deed) => (
            <button key={deed.name} type="button" role="menuitem" class={deed.danger ? 'danger' : ''} onClick={() => run(deed)}>
              {deed.icon && <Icon name={deed.icon} />}{deed.name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
