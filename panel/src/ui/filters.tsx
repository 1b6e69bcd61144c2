// What stands above a list: search, choices.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Choice } from './form';
import { Icon } from './icon';

const TYPING_MS = 250;

export function Filters({ children }: { children: ComponentChildren }) {
  return <div class="filters" role="search">{children}</div>;
}

export function SearchBox({ value, onSearch, label }: { value: string; onSearch: (text: string) => void; label: string }) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  const told = useRef(value);
  // What came back from here is no news: the person has typed on, perhaps.
  useEffect(() => {
    if (value !== told.current) setText(value);
    told.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string): void => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      told.current = next.trim();
      onSearch(told.current);
    }, TYPING_MS);
  };
  return (
    <span class="search">
      <Icon name="search" />
      <input type="search" aria-label={label} placeholder={label} value={text} onInput={(event) => type(event.currentTarget.value)} />
    </span>
  );
}

export function Select({ label, value, any, choices, onPick }: {
  label: string; value: string; any?: string; choices: Choice[]; onPick: (value: string) => void;
}) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
      {any && <option value="">{any}</option>}
      {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.name}</option>)}
    </select>
  );
}
