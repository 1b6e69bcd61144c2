// What was asked and answered (harness/traffic.mjs) against the OpenAPI document.
//
//   node document.mjs OPENAPI.json TRAFFIC-FOLDER [--all]
//
// Every reply is one that the document tells of: its status, its content type, its body. In the bodies nothing may stand
// that the document does not know. With --all every operation must have been called, and have succeeded.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const [documentFile, folder, all] = process.argv.slice(2);
const document = JSON.parse(readFileSync(documentFile, 'utf8'));

// How any request can be refused before its operation is known, or because of how it was sent.
const OF_HTTP = new Set([405, 413, 414, 415, 417, 421, 431, 501]);

// ---- the document ----

// An answer may say no more than what is told; readers of the document are not bound to that.
function close(schema) {
  if (Array.isArray(schema)) return schema.map(close);
  if (!schema || typeof schema !== 'object') return schema;
  const closed = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, name === 'example' || name === 'examples' ? value : close(value)]));
  if (closed.type === 'object' && closed.properties && typeof closed.properties.type !== 'string') closed.additionalProperties ??= false;
  return closed;
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: 'tether', ...close(document) });

// A response may be a component.
const followed = (thing) => (thing?.$ref ? thing.$ref.slice(2).split('/').reduce((at, step) => at[step], document) : thing);

const pointer = (...steps) => steps.map((step) => encodeURIComponent(String(step).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
const validators = new Map();
function validator(path, method, status, type) {
  const { $ref } = document.paths[path][method].responses[status];
  const steps = $ref ? $ref.slice(2).split('/') : ['paths', path, method, 'responses', status];
  const at = `tether#/${pointer(...steps, 'content', type, 'schema')}`;
  if (!validators.has(at)) validators.set(at, ajv.compile({ $ref: at }));
  return validators.get(at);
}

// Segment by segment, as the server's own router: what is spelled out goes before a parameter.
const paths = Object.keys(document.paths).map((path) => ({ path, steps: path.split('/') }));
function pathOf(asked) {
  const steps = asked.split('/');
  const fit = paths.filter((one) => one.steps.length === steps.length &&
    one.steps.every((step, i) => step === steps[i] || (step.startsWith('{') && steps[i] !== '')));
  const rank = (one) => one.steps.map((step) => (step.startsWith('{') ? '1' : '0')).join('');
  return fit.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0]?.path;
}

// ---- one exchange ----

const called = new Set();

function note(operation, sent) {
  const contents = operation.requestBody?.content ?? {};
  const own = contents[(sent ?? '').split(';')[0]]?.['x-operation'];
  called.add(own ?? operation.operationId);
}

// A sentence about what does not fit; undefined when all does.
function complaint({ method, path: asked, sent, status, type = '', json, empty }) {
  const path = pathOf(asked);
  const verb = (method === 'HEAD' ? 'GET' : method).toLowerCase();
  const operation = path && document.paths[path][verb];
  if (!operation || OF_HTTP.has(status)) return undefined;
  const response = followed(operation.responses[status]);
  if (!response) return 'the document has no such status';
  if (status < 400) note(operation, sent);
  if (method === 'HEAD' || status === 304) return undefined;
  const media = type.split(';')[0];
  if (!response.content) return empty ? undefined : 'the document tells of no body';
  if (!response.content[media]) return `the document has no such content type: ${media || 'none'}`;
  if (json === undefined || !response.content[media].schema) return undefined;
  const validate = validator(path, verb, status, media);
  return validate(json) ? undefined : `${ajv.errorsText(validate.errors, { dataVar: 'body' })}\n# ${JSON.stringify(json).slice(0, 400)}`;
}

// ---- all of them ----

const exchanges = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean).map(JSON.parse));
const complaints = new Map();
for (const exchange of exchanges) {
  const why = complaint(exchange);
  const key = `${exchange.method} ${pathOf(exchange.path)} ${exchange.status}`;
  if (why && !complaints.has(key)) complaints.set(key, `${exchange.method} ${exchange.path} answered ${exchange.status}: ${why}`);
}

const operations = Object.values(document.paths).flatMap((path) => Object.values(path)).flatMap((operation) => {
  const contents = Object.values(operation.requestBody?.content ?? {});
  return contents.length > 1 ? contents.map((one) => one['x-operation']) : [operation.operationId];
});
const missing = all ? operations.filter((name) => !called.has(name)) : [];
for (const name of missing) complaints.set(name, `no test calls the operation ${name} and succeeds`);

for (const text of complaints.values()) console.log(`not ok - ${text}`);
console.log(`# ${exchanges.length} kinds of exchanges held against ${operations.length} operations`);
console.log(`# pass ${exchanges.length - complaints.size + missing.length}\n# fail ${complaints.size}`);
process.exit(complaints.size ? 1 : 0);
