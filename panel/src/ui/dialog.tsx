// Dialogs and drawers on the browser's own <dialog>: it keeps the focus inside, closes on Escape, gives the focus back.
import { render } from 'preact';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from './basics';

let count = 0;

export function Dialog({ title, onClose, drawer, wide, children }: {
  title: string; onClose: () => void; drawer?: boolean; wide?: boolean; children: ComponentChildren;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const [id] = useState(() => `dialog-${++count}`); // useId() counts anew in the tree of ask()
  useLayoutEffect(() => {
    const dialog = ref.current as HTMLDialogElement;
    dialog.showModal();
    dialog.querySelector<HTMLElement>('[data-focus], .dialog-body :is(input, select, textarea):not([readonly], [type=checkbox])')?.focus();
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={ref} class={`${drawer ? 'drawer' : 'dialog'}${wide ? ' wide' : ''}`} aria-labelledby={id}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onMouseDown={(event) => { if (event.target === ref.current) onClose(); }}>
      <div class="dialog-box">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <Button kind="bare" icon="close" label="Close" onClick={onClose} />
        </header>
        <div class="dialog-body">{children}</div>
      </div>
    </dialog>
  );
}

export interface Question {
  title: string;
  text: ComponentChildren;
  confirm: string;
  danger?: boolean;
}

// Asks before something that cannot be taken back; the answer is whether to go on.
export function ask({ title, text, confirm, danger }: Question): Promise<boolean> {
  const host = document.createElement('div');
  document.body.append(host);
  return new Promise((resolve) => {
    const answer = (yes: boolean): void => {
      render(null, host);
      host.remove();
      resolve(yes);
    };
    render(
      <Dialog title={title} onClose={() => answer(false)}>
        <p>{text}</p>
        <div class="form-end">
          <Button onClick={() => answer(false)}>Cancel</Button>
          <Button kind={danger ? 'danger' : 'primary'} onClick={() => answer(true)}>{confirm}</Button>
        </div>
      </Dialog>,
      host,
    );
  });
}
