// The way of a file into the server: sent in parts, checked, written, with what is known of how far it is.
import { api } from '../../api/client';
import type { Answer } from '../../api/client';
import { Problem } from '../../api/problem';

export type Import = Answer<'/api/imports/{id}'>;
export type Existing = 'refuse' | 'skip' | 'update';

export interface Progress {
  text: string;
  done?: number; // of 1; left out where nobody knows
}
type Tell = (progress: Progress) => void;

const POLL_MS = 400;
const TRIES = 5;

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

// Many parts may reach the limit of requests; then the server says how long to wait.
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const isBusy = error instanceof Problem && (error.status === 429 || error.status === 503);
      if (!isBusy || tries === TRIES) throw error;
      await pause((error.retryAfter || 1) * 1000);
    }
  }
}

// The new import's id. It is given up again when a part does not arrive.
export async function sendFile(file: File, tell: Tell, signal: AbortSignal): Promise<number> {
  const { id, part_max: most } = await api.post('/api/imports', { body: { kind: 'assets', bytes: file.size }, signal });
  try {
    for (let from = 0, n = 1; from < file.size; from += most, n++) {
      tell({ text: 'Sending the file', done: from / file.size });
      const path = { id: String(id), n: String(n) };
      await patiently(() => api.put('/api/imports/{id}/parts/{n}', { path, body: file.slice(from, from + most), type: 'application/octet-stream', signal }));
    }
  } catch (error) {
    await giveUp(id);
    throw error;
  }
  return id;
}

// Whatever comes of it: what is given up is deleted after a day anyway.
export async function giveUp(id: number): Promise<void> {
  await api.delete('/api/imports/{id}', { path: { id: String(id) } }).catch(() => {});
}

function progressOf(state: Import, rows: number | undefined): Progress {
  const written = state.rows_written ?? 0;
  if (written && rows) return { text: `${written.toLocaleString('en')} of ${rows.toLocaleString('en')} rows are written`, done: written / rows };
  if (state.rows_checked) return { text: `${state.rows_checked.toLocaleString('en')} rows are checked` };
  return { text: state.status === 'queued' ? 'Waiting for another import' : 'Reading the file' };
}

// Done or failed, as the server tells it. `rows`: how many there are, where that is known.
export async function run(id: number, isDry: boolean, existing: Existing, rows: number | undefined, tell: Tell, signal: AbortSignal): Promise<Import> {
  const path = { id: String(id) };
  await patiently(() => api.post('/api/imports/{id}/run', { path, body: { dry_run: isDry, existing }, signal }));
  for (;;) {
    const state = await patiently(() => api.get('/api/imports/{id}', { path, signal }));
    if (state.status === 'done' || state.status === 'failed') return state;
    tell(progressOf(state, rows));
    await pause(POLL_MS);
  }
}
