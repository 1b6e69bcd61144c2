// Keeps what was asked and answered, for tests/api/document.mjs to hold against the OpenAPI document: one line of JSON
// for each kind of exchange, in a file per process. Off unless TETHER_TRAFFIC names a folder.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.TETHER_TRAFFIC;
const file = folder && join(folder, `${process.pid}.jsonl`);
const seen = new Set();

// What a value is, without what it says: two answers of one shape are held against one schema.
function shape(value) {
  if (Array.isArray(value)) return `[${[...new Set(value.map(shape))].sort()}]`;
  if (value && typeof value === 'object') return `{${Object.keys(value).sort().map((name) => `${name}:${shape(value[name])}`)}}`;
  return value === null ? 'null' : typeof value;
}

// Ids and tokens in a path are as good as any other.
const pathShape = (path) => path.replace(/\d+/g, 'N').replace(/[\w.-]{16,}/g, 'T');

export function record({ method, path, headers: sent }, { status, headers, json, text }) {
  if (!file) return;
  const kind = { method, path: path.replace(/\?.*/s, ''), sent: sent['content-type'], status, type: headers['content-type'] };
  const key = JSON.stringify({ ...kind, path: pathShape(kind.path) }) + shape(json);
  if (seen.has(key)) return;
  seen.add(key);
  const words = json && text.length < 65536 ? { json } : {};
  appendFileSync(file, `${JSON.stringify({ ...kind, ...words, empty: text === '' })}\n`);
}
