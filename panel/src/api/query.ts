// Reading from the API in a component: what came, whether it is on its way, what went wrong.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from './problem';

export interface Loaded<T> {
  data: T | undefined; // what came last, also while it is read again
  error: Problem | undefined;
  loading: boolean;
  reload: () => void;
  take: (data: T) => void; // what came another way, such as a change's answer
}

// Reads when mounted, when `keys` change and at reload(); an answer that was overtaken is dropped.
export function useLoad<T>(read: (signal: AbortSignal) => Promise<T>, keys: unknown[] = []): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: Problem; loading: boolean }>({ loading: true });
  const [round, setRound] = useState(0);
  const latest = useRef(read);
  latest.current = read;

  useEffect(() => {
    const abort = new AbortController();
    setState((old) => ({ ...old, loading: true }));
    latest.current(abort.signal).then(
      (data) => { if (!abort.signal.aborted) setState({ data, loading: false }); },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setState({ error: error instanceof Problem ? error : new Problem(0, { detail: String(error) }), loading: false });
      },
    );
    return () => abort.abort();
  }, [...keys, round]);

  const reload = useCallback(() => setRound((n) => n + 1), []);
  const take = useCallback((data: T) => setState({ data, loading: false }), []);
  return { data: state.data, error: state.error, loading: state.loading, reload, take };
}

// A page of a list, however its surface wraps it.
export interface Page<Row> {
  rows: Row[];
  next: string | null;
  total?: number | null; // null: too many to count
}

interface Wrapped<Row> {
  items?: Row[];
  data?: Row[];
  next?: string | null;
  nextCursor?: string | null;
  total?: number | null;
  meta?: { next_cursor?: string | null };
}

export function pageOf<Row>(answer: unknown): Page<Row> {
  const wrapped = answer as Wrapped<Row>;
  const next = wrapped.next ?? wrapped.nextCursor ?? wrapped.meta?.next_cursor ?? null;
  return { rows: wrapped.items ?? wrapped.data ?? [], next, ...(wrapped.total === undefined ? {} : { total: wrapped.total }) };
}

export interface Pages<Row> extends Loaded<Page<Row>> {
  number: number; // from 1
  forward?: () => void;
  back?: () => void;
}

// A list read page by page; other `keys` (filters, sort) begin at the first page again.
export function usePages<Row>(read: (cursor: string | undefined, signal: AbortSignal) => Promise<unknown>, keys: unknown[] = []): Pages<Row> {
  const [cursors, setCursors] = useState<string[]>([]);
  const filters = JSON.stringify(keys);
  const seen = useRef(filters);
  const isStale = seen.current !== filters;
  const stack = isStale ? [] : cursors;
  useEffect(() => {
    if (seen.current === filters) return;
    seen.current = filters;
    setCursors([]);
  }, [filters]);

  const loaded = useLoad(async (signal) => pageOf<Row>(await read(stack.at(-1), signal)), [filters, stack.at(-1)]);
  const next = loaded.data?.next;
  return {
    ...loaded,
    number: stack.length + 1,
    ...(next && !loaded.loading ? { forward: () => setCursors([...stack, next]) } : {}),
    ...(stack.length ? { back: () => setCursors(stack.slice(0, -1)) } : {}),
  };
}
