// The five deeds of a record kind, as the record engine makes them for every kind alike.
import { api } from '../../api/client';
import type { Answer, PathFor } from '../../api/client';
import { pageOf, useLoad } from '../../api/query';
import type { Page } from '../../api/query';
import type { Choice, Values } from '../../ui/form';
import type { Search } from '../../ui/picker';

export interface RecordApi<Row> {
  list: (query: Record<string, unknown>, signal?: AbortSignal) => Promise<unknown>;
  read: (id: string | number) => Promise<Row>;
  create: (body: Values) => Promise<unknown>;
  update: (id: string | number, body: Values) => Promise<unknown>;
  remove: (id: string | number) => Promise<unknown>;
}

type ListPath = PathFor<'get'> & PathFor<'post'>;
type OnePath = PathFor<'get'> & PathFor<'patch'> & PathFor<'delete'>;
type RowOf<A> = A extends { items: (infer R)[] } | { data: (infer R)[] } ? R : never;

// spaces wraps a record in `data`.
function bare<Row>(answer: unknown): Row {
  return (answer as { data?: Row }).data ?? answer as Row;
}

export function recordApi<L extends ListPath>(list: L, one: OnePath): RecordApi<RowOf<Answer<L>>> {
  const path = (id: string | number): never => ({ id: String(id) }) as never;
  return {
    list: (query, signal) => api.get(list, { query: query as never, ...(signal ? { signal } : {}) } as never),
    read: (id) => api.get(one, { path: path(id) } as never).then((answer) => bare(answer)),
    create: (body) => api.post(list, { body } as never),
    update: (id, body) => api.patch(one, { path: path(id), body } as never),
    remove: (id) => api.delete(one, { path: path(id) } as never),
  };
}

export type RowIn<A> = A extends RecordApi<infer Row> ? Row : never;

interface Named {
  id: string | number;
  name: string;
}

const choiceOf = ({ id, name }: Named): Choice => ({ value: String(id), name });

// For kinds of which there are few, such as categories: all of them.
export function useChoices(records: RecordApi<unknown>): Choice[] {
  const { data } = useLoad(async (signal) => pageOf<Named>(await records.list({ limit: 200, sort: 'name' }, signal)));
  return (data?.rows ?? []).map(choiceOf);
}

export const nameIn = (choices: Choice[], id: string | number | null | undefined): string =>
  (id ? choices.find(({ value }) => value === String(id))?.name ?? `#${id}` : '–');

// For those of which there may be many: by typing.
export const searchIn = (records: RecordApi<unknown>, more: Record<string, unknown> = {}, nameOf = choiceOf): Search => async (q) => {
  const page: Page<Named> = pageOf<Named>(await records.list({ q, limit: 8, ...more }));
  return page.rows.map(nameOf);
};
