// Where the person is: the part of the address after '#', as "/team/members?role=owner".
import { useEffect, useState } from 'preact/hooks';

export interface Place {
  path: string;
  query: URLSearchParams;
}

export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
  return { path: path.startsWith('/') ? path : '/', query: new URLSearchParams(query) };
}

export function href(path: string, query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const text = new URLSearchParams(given).toString();
  return `#${path}${text ? `?${text}` : ''}`;
}

export function go(path: string, query: Record<string, string | undefined> = {}): void {
  location.hash = href(path, query);
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const moved = (): void => setPlace(placeOf(location.hash));
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}

// Filters live in the address, so that a reload, a bookmark and the back button keep them.
export function useFilters(): [(name: string) => string, (changes: Record<string, string>) => void] {
  const { query } = usePlace();
  const set = (changes: Record<string, string>): void => {
    const now = placeOf(location.hash); // a search that waited for the typing to end must not undo what was chosen meanwhile
    history.replaceState(null, '', href(now.path, { ...Object.fromEntries(now.query), ...changes }));
    dispatchEvent(new HashChangeEvent('hashchange'));
  };
  return [(name) => query.get(name) ?? '', set];
}
