// The typed client. Paths, parameters, bodies and answers come from the OpenAPI document (schema.d.ts, generated);
// what is not in it does not compile.
import { Problem, problemOf } from './problem';
import type { paths } from './schema';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type PathFor<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? P : never;
}[keyof paths];

type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;
type Query<O> = O extends { parameters: { query?: infer Q } } ? Q : never;
// A number in a path is written as text, as it comes from an address or a form.
type AsText<V> = { [K in keyof V]: number extends V[K] ? V[K] | string : V[K] };
type PathParameters<O> = O extends { parameters: { path: infer V } } ? AsText<V> : never;
type Body<O> = O extends { requestBody?: { content: infer C } }
  ? C extends { 'application/json': infer J } ? J : string | Blob
  : never;
type SuccessStatus = 200 | 201 | 202 | 204;
type Answers<O> = O extends { responses: infer R } ? R[keyof R & SuccessStatus] : never;
type Json<A> = A extends { content: { 'application/json': infer J } } ? J : any;
// The server leaves no member of an answer out (what there is not is null), and what the document does not describe may be
// anything.
type Told<T> = T extends (infer E)[] ? Told<E>[]
  : T extends Record<string, never> ? any
  : T extends object ? { [K in keyof T]-?: Told<NonNullable<T[K]> | Extract<T[K], null>> }
  : T;
export type Answer<P extends keyof paths, M extends Method = 'get'> = Told<Json<Answers<Operation<P, M>>>>;

export interface Options<O> {
  query?: Query<O>;
  path?: PathParameters<O>;
  body?: Body<O>;
  type?: string; // of the body, when it is no JSON
  signal?: AbortSignal;
}

// At the operator's address staff name the tenant they mean, their own or one they look into; everywhere else the host
// says which it is.
let chosen = { tenant: '', isOwn: true };
export function chooseTenant(tenant: string, isOwn: boolean): void {
  chosen = { tenant, isOwn };
}

// Called when the session is over.
let onSignedOut = (): void => {};
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

type Values = Record<string, unknown>;

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

export function address(path: string, values: Values = {}, query: Values = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (isGiven(value)) search.set(name, String(value));
  if (!chosen.isOwn) search.set('tenant', chosen.tenant);
  const text = search.toString();
  return text ? `${filled}?${text}` : filled;
}

function headersOf(body: unknown, type: string | undefined): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/problem+json, application/json;q=0.9' };
  if (chosen.tenant) headers['x-tenant'] = chosen.tenant;
  if (body !== undefined) headers['content-type'] = type ?? 'application/json';
  return headers;
}

async function send(method: Method, path: string, options: Options<unknown>): Promise<Response> {
  const { body, type, signal } = options as { body?: unknown; type?: string; signal?: AbortSignal };
  const { path: values, query } = options as { path?: Values; query?: Values };
  const url = address(path, values, query);
  try {
    return await fetch(url, {
      method: method.toUpperCase(),
      headers: headersOf(body, type),
      body: type || body === undefined ? body as BodyInit : JSON.stringify(body),
      signal: signal ?? null,
      credentials: 'same-origin',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, {});
  }
}

// The whole answer, for what is no JSON. Throws a Problem.
export async function raw(method: Method, path: string, options: Options<unknown> = {}): Promise<Response> {
  const reply = await send(method, path, options);
  if (reply.ok) return reply;
  const problem = await problemOf(reply);
  const isOurSession = path === '/api/auth/session';
  if (reply.status === 401 && !isOurSession) onSignedOut();
  throw problem;
}

function verb<M extends Method>(method: M) {
  return async <P extends PathFor<M>>(path: P, options: Options<Operation<P, M>> = {}): Promise<Answer<P, M>> => {
    const reply = await raw(method, path as string, options as Options<unknown>);
    return (reply.status === 204 ? undefined : await reply.json()) as Answer<P, M>;
  };
}

export const api = { get: verb('get'), post: verb('post'), put: verb('put'), patch: verb('patch'), delete: verb('delete') };
