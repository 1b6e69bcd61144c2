// Picks one of many by typing: a combo box (WAI-ARIA) over a search of the API.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Choice } from './form';

export type Search = (text: string) => Promise<Choice[]>;

const TYPING_MS = 200;

export function Picker({ id, value, name, search, onPick }: {
  id: string; value: string | number | null | undefined; name?: string | undefined; search: Search; onPick: (choice: Choice | null) => void;
}) {
  const [text, setText] = useState(name ?? '');
  const [found, setFound] = useState<Choice[]>();
  const [at, setAt] = useState(0);
  const list = useId();
  const timer = useRef(0);
  useEffect(() => { if (name) setText(name); }, [name]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const look = (wanted: string): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      search(wanted).then((choices) => { setFound(choices); setAt(0); }, () => setFound([]));
    }, TYPING_MS);
  };
  const pick = (choice: Choice): void => {
    setText(choice.name);
    setFound(undefined);
    onPick(choice);
  };
  const key = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (found?.length) setAt((at + step + found.length) % found.length);
      else look(text);
    } else if (event.key === 'Enter' && found?.[at]) {
      event.preventDefault();
      pick(found[at]);
    } else if (event.key === 'Escape' && found) {
      event.preventDefault();
      event.stopPropagation();
      setFound(undefined);
    }
  };
  return (
    <span class="picker">
      <input id={id} role="combobox" aria-autocomplete="list" aria-expanded={Boolean(found)} aria-controls={list} autocomplete="off" placeholder="Type to search"
        aria-activedescendant={found?.[at] ? `${list}-${at}` : undefined} value={text} onKeyDown={key} onFocus={() => { if (!value) look(text); }}
        onBlur={() => setFound(undefined)}
        onInput={(event) => {
          setText(event.currentTarget.value);
          onPick(null);
          look(event.currentTarget.value);
        }} />
      <ul id={list} role="listbox" aria-label="Suggestions" hidden={!found}>
        {found?.map((choice, i) => (
          <li key={choice.value} id={`${list}-${i}`} role="option" aria-selected={i === at} onMouseDown={(event) => { event.preventDefault(); pick(choice); }}>{choice.name}</li>
        ))}
        {found?.length === 0 && <li class="note" role="option" aria-selected="false" aria-disabled="true">Nothing found</li>}
      </ul>
    </span>
  );
}
