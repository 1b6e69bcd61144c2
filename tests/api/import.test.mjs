// Assets out of the database as CSV, and into it: all or nothing.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, connect2, http1, http2Once, request2, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, GLOBEX_HOST, people } from './harness/world.mjs';

const LIMIT = 600;
const TITLES = 'tag,name,status,category,location,serial_number,manufacturer,model,purchase_date,purchase_cost,currency,'
  + 'warranty_end,notes,employee,checked_out_at,due_at';

suite('import', { config: { mode: 'saas', plans: { pro: { assets: LIMIT, users: 500 }, free: { assets: LIMIT, users: 5 } } } }, (server) => {
  const once = (request) => http2Once(server(), { host: ACME_HOST, ...request });
  const load = (token, csv, query = '', host = ACME_HOST) => once({
    method: 'POST', path: `/api/assets/import${query}`, host, token, body: csv, headers: { 'content-type': 'text/csv' },
  });
  const out = (token, query = '', host = ACME_HOST) => once({ path: `/api/assets/export${query}`, host, token });
  const total = async (token, host = ACME_HOST) => (await once({ path: '/api/assets?limit=1', host, token })).json.total;
  const make = async (path, token, json, host = ACME_HOST) => {
    const reply = await once({ method: 'POST', path, host, token, json });
    assert.equal(reply.status, 201, reply.text);
    return reply.json;
  };
  const errorsOf = async (token, csv, query) => {
    const reply = await load(token, csv, query);
    assert.equal(reply.status, 422, reply.text);
    return reply.json.errors.map(({ line, field, message }) => [line, field, message]);
  };

  it('tells everything that is wrong with a file, line by line, and writes nothing', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const before = await total(token);
    const wrong = await load(token, 'tag,name,status,category,purchase_date,currency\r\n'
      + 'A-1,"Laptop\nwith ""quotes""",available,,2026-01-02,EUR\r\nA-1,,stolen,Nowhere,yesterday,EUR\r\nA-2,Ok,,,,eur\r\nA-3,short\r\n');
    assert.equal(wrong.status, 422);
    assert.equal(wrong.json.detail, 'The file has 7 errors; nothing was imported.');
    assert.deepEqual(wrong.json.errors, [
      { line: 4, field: 'name', message: 'The name field is required.' },
      { line: 4, field: 'status', message: 'The status field must be one of: available, checked_out, maintenance, lost, retired.' },
      { line: 4, field: 'category', message: 'The selected category does not exist.' },
      { line: 4, field: 'purchase_date', message: 'The purchase date is not a valid date.' },
      { line: 4, field: 'tag', message: 'The same tag stands in line 2.' },
      { line: 5, field: 'currency', message: 'The currency must be three capital letters.' },
      { line: 6, message: 'The row has 2 fields, and there are 6 columns.' },
    ]);
    // A rule between fields is looked at as soon as those are right that it needs, whatever else is wrong.
    const currency = 'The currency must be three capital letters.';
    const mixed = await errorsOf(token, 'tag,name,status,currency\nM-1,,stolen,eur\nM-1,Two,,eu\nM-1,Three,,usd\nM-2,Four,,EUR\n');
    assert.deepEqual(mixed, [
      [2, 'name', 'The name field is required.'],
      [2, 'status', 'The status field must be one of: available, checked_out, maintenance, lost, retired.'],
      [2, 'currency', currency],
      [3, 'currency', 'The currency must be at least 3 characters.'],
      [3, 'tag', 'The same tag stands in line 2.'],
      [4, 'tag', 'The same tag stands in line 2.'],
      [4, 'currency', currency],
    ]);
    const there = await make('/api/assets', token, { name: 'There', tag: 'THERE' });
    assert.deepEqual(await errorsOf(token, 'tag,name,currency\nTHERE,,eur\n'),
      [[2, 'name', 'The name field is required.'], [2, 'tag', 'An asset with that tag already exists.']]);
    assert.deepEqual(await errorsOf(token, 'tag,name,currency\nTHERE,,eur\n', '?existing=update'),
      [[2, 'name', 'The name field is required.'], [2, 'currency', currency]]);
    assert.equal((await once({ method: 'DELETE', path: `/api/assets/${there.id}`, token })).status, 204);
    const problem = await once({ method: 'POST', path: '/api/assets/import', token, body: 'name\n""\n',
      headers: { 'content-type': 'text/csv', accept: 'application/problem+json' } });
    assert.equal(problem.json.type, 'urn:tether:error:import');
    assert.deepEqual(problem.json.errors, [{ line: 2, field: 'name', detail: 'The name field is required.' }]);
    assert.equal(await total(token), before);
  });

  it('reads what spreadsheets write, and refuses what it cannot', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    assert.deepEqual(await errorsOf(token, 'name,colour,Name\nx,red,y\n'),
      [[1, 'colour', "There is no column 'colour'."], [1, 'Name', "The column 'Name' is there twice."]]);
    assert.deepEqual(await errorsOf(token, 'tag\nx\n'), [[1, 'name', "The column 'name' is missing."]]);
    assert.deepEqual(await errorsOf(token, 'name\nx\n', '?existing=update'), [[1, 'tag', "The column 'tag' is missing."]]);
    assert.deepEqual(await errorsOf(token, '\r\n'), [[1, undefined, 'The file is empty: its first line names the columns.']]);
    assert.deepEqual(await errorsOf(token, ''), [[1, undefined, 'The file is empty: its first line names the columns.']]);
    assert.deepEqual(await errorsOf(token, Buffer.from('name\nok\nb\xffd\n', 'latin1')), [[3, undefined, 'The row is not valid UTF-8 text.']]);
    assert.deepEqual(await errorsOf(token, 'name\n"open\n'), [[2, undefined, 'A quotation mark stands in the wrong place, or is missing.']]);
    const many = await load(token, `name\n${'""\n'.repeat(1200)}`);
    assert.equal(many.json.errors.length, 1000);
    assert.match(many.json.detail, /more than 1000 errors/);
    assert.equal((await load(token, 'name\nx\n', '?existing=never')).status, 422);
    assert.equal((await once({ method: 'POST', path: '/api/assets/import', token, json: {} })).status, 415);
    const marked = await load(token, '\ufeffName,notes\r\nMarked,"two\r\nlines"\r\n');
    assert.deepEqual(marked.json, { created: 1, updated: 0, skipped: 0, dry_run: false });
    const made = (await once({ path: '/api/assets?q=marked', token })).json.items[0];
    assert.equal(made.notes, 'two\r\nlines');
    assert.match(made.tag, /^AST-\d{6}$/);
  });

  it('gives out what another tenant can take in, to the byte', async () => {
    const ours = await signIn(server(), people.admin, ACME_HOST);
    const theirs = await signIn(server(), people.outsider, GLOBEX_HOST);
    for (const [token, host] of [[ours, ACME_HOST], [theirs, GLOBEX_HOST]]) {
      await make('/api/categories', token, { name: 'Laptops, old' }, host);
      await make('/api/locations', token, { name: '=Berlin' }, host);
    }
    const rows = Array.from({ length: 450 }, (_, i) => `R-${i},"Thing ${i}, ""big""",maintenance,"Laptops, old",'=Berlin,'-7,,,2026-03-02,19.90,EUR,,'+1`);
    const csv = `tag,name,status,category,location,serial_number,manufacturer,model,purchase_date,purchase_cost,currency,warranty_end,notes\n${rows.join('\n')}\n`;
    const dry = await load(ours, csv, '?dry_run=true');
    assert.deepEqual(dry.json, { created: 450, updated: 0, skipped: 0, dry_run: true });
    assert.equal((await once({ path: '/api/assets?q=thing&limit=1', token: ours })).json.items.length, 0);
    assert.deepEqual((await load(ours, csv)).json, { created: 450, updated: 0, skipped: 0, dry_run: false });
    const file = await out(ours, '?status=maintenance&sort=tag');
    assert.equal(file.status, 200);
    assert.equal(file.headers['content-type'], 'text/csv; charset=utf-8');
    assert.equal(file.headers['content-disposition'], 'attachment; filename="assets-acme.csv"');
    const lines = file.text.split('\r\n');
    assert.equal(lines[0], TITLES);
    assert.equal(lines.length, 452);
    assert.equal(lines[1], 'R-0,"Thing 0, ""big""",maintenance,"Laptops, old",\'=Berlin,\'-7,,,2026-03-02,19.90,EUR,,\'+1,,,');
    assert.deepEqual((await load(theirs, file.text, '', GLOBEX_HOST)).json, { created: 450, updated: 0, skipped: 0, dry_run: false });
    assert.equal((await out(theirs, '?status=maintenance&sort=tag', GLOBEX_HOST)).text, file.text);
    assert.equal((await http1(server(), { path: '/api/assets/export?status=maintenance&sort=tag', host: ACME_HOST, token: ours })).text, file.text);
    assert.deepEqual((await load(ours, file.text, '?existing=update')).json, { created: 0, updated: 0, skipped: 450, dry_run: false });
    const found = (await once({ path: '/api/assets?q=thing%20449', token: ours })).json.items;
    assert.equal(found.length, 1);
    assert.equal(found[0].notes, '+1');
    const head = await once({ method: 'HEAD', path: '/api/assets/export', token: ours });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal((await ask(server(), { path: '/api/assets/export?limit=3', host: ACME_HOST, token: ours })).status, 422);
    assert.equal((await ask(server(), { path: '/api/assets/export?sort=notes', host: ACME_HOST, token: ours })).status, 422);
  });

  it('meets what is there as it was told to, and leaves one row in the audit log', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const csv = 'tag,name,notes\nR-0,Renamed,\nR-new,New,\n';
    assert.deepEqual(await errorsOf(token, csv), [[2, 'tag', 'An asset with that tag already exists.']]);
    assert.deepEqual((await load(token, csv, '?existing=skip&dry_run=true')).json, { created: 1, updated: 0, skipped: 1, dry_run: true });
    assert.deepEqual((await load(token, csv, '?existing=update')).json, { created: 1, updated: 1, skipped: 0, dry_run: false });
    const [changed] = (await once({ path: '/api/assets?tag=R-0', token })).json.items;
    assert.deepEqual([changed.name, changed.notes, changed.serial_number], ['Renamed', null, '-7']);
    assert.equal((await once({ path: '/api/assets?q=renamed', token })).json.items.length, 1);
    const employee = await make('/api/employees', token, { name: 'Ann' });
    const given = await once({ method: 'POST', path: `/api/assets/${(await once({ path: '/api/assets?tag=R-new', token })).json.items[0].id}/checkout`, token, json: { employee_id: employee.id } });
    assert.equal(given.status, 200, given.text);
    assert.deepEqual(await errorsOf(token, 'tag,name,status\nR-new,New,lost\n', '?existing=update'), [[2, undefined, 'The asset is checked out; check it in first.']]);
    const [, line] = (await out(token, '?tag=R-new')).text.split('\r\n');
    assert.match(line, /^R-new,New,checked_out,,,,,,,,,,,Ann,\d{4}-/);
    assert.deepEqual((await load(token, `${TITLES}\r\n${line}\r\n`, '?existing=update')).json, { created: 0, updated: 0, skipped: 1, dry_run: false });
    const audit = (await once({ path: '/api/v1/audit?action=asset.imported', token, headers: { 'x-tenant': 'acme' } })).json.data;
    assert.deepEqual(audit.map((row) => [row.after.created, row.after.updated]), [[1, 1], [450, 0], [1, 0]]);
    assert.match(audit[0].after.sha256, /^[0-9a-f]{64}$/);
  });

  it('changes what is there only for those who may edit', async () => {
    const admin = await signIn(server(), people.admin, ACME_HOST);
    const key = await make('/api/settings/api-keys', admin, { name: 'Scanner', scopes: ['assets.import'] });
    const { token } = key.data;
    assert.equal((await load(token, 'tag,name\nSCAN-1,New\n')).status, 200);
    for (const query of ['?existing=update', '?existing=update&dry_run=true']) {
      const reply = await load(token, 'tag,name\nSCAN-1,Changed\n', query);
      assert.equal(reply.status, 403, reply.text);
      assert.match(reply.headers['www-authenticate'], /insufficient_scope.*assets\.edit/);
    }
    const { json: { id } } = await once({ method: 'POST', path: '/api/imports', token, json: { kind: 'assets', bytes: 9 } });
    assert.equal((await once({ method: 'POST', path: `/api/imports/${id}/run`, token, json: { existing: 'update' } })).status, 403);
    assert.equal((await once({ method: 'DELETE', path: `/api/imports/${id}`, token })).status, 204);
    assert.equal((await load(token, 'tag,name\nSCAN-1,Changed\n', '?existing=skip')).json.skipped, 1);
    assert.equal((await load(admin, 'tag,name\nSCAN-1,Changed\n', '?existing=update')).json.updated, 1);
  });

  it('takes no more than the plan allows, however many come at once', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const room = LIMIT - await total(token);
    const file = (from, n) => `tag,name\n${Array.from({ length: n }, (_, i) => `P-${from}-${i},Many`).join('\n')}`;
    const full = await load(token, file('all', room + 1), '?dry_run=true');
    assert.equal(full.status, 402, full.text);
    assert.deepEqual([full.json.limit, full.json.max], ['assets', LIMIT]);
    assert.equal(full.json.detail, `The plan allows ${LIMIT} assets; ${LIMIT - room} are used, and the rest are too few.`);
    const half = Math.floor(room / 2);
    const session = connect2(server());
    const replies = await Promise.all([1, 2, 3, 4].map((from) => request2(session, { method: 'POST', path: '/api/assets/import', host: ACME_HOST, token, body: file(from, half), headers: { 'content-type': 'text/csv' } })));
    session.destroy();
    assert.deepEqual(replies.map((reply) => reply.status).sort(), [200, 200, 402, 402]);
    assert.equal(await total(token), LIMIT - room + 2 * half);
  });

  it('takes larger files in parts, and runs them in the background', async () => {
    const token = await signIn(server(), people.outsider, GLOBEX_HOST);
    const at = (method, path, more = {}) => once({ method, path: `/api/imports${path}`, host: GLOBEX_HOST, token, ...more });
    const part = (id, n, body) => at('PUT', `/${id}/parts/${n}`, { body, headers: { 'content-type': 'application/octet-stream' } });
    const begin = async (bytes) => {
      const reply = await at('POST', '', { json: { kind: 'assets', bytes } });
      assert.equal(reply.status, 201, reply.text);
      assert.deepEqual([reply.json.status, reply.json.received, reply.json.part_max], ['uploading', 0, 262144]);
      return reply.json.id;
    };
    const end = async (id) => {
      for (let i = 0; ; i++) {
        const { json } = await at('GET', `/${id}`);
        if (!['queued', 'running'].includes(json.status)) return json;
        assert.ok(i < 600, 'the import comes to an end');
        await new Promise((done) => { setTimeout(done, 50); });
      }
    };
    const before = await total(token, GLOBEX_HOST);
    const csv = `tag,name\n${Array.from({ length: 100 }, (_, i) => `U-${i},Ünder way ${i}`).join('\n')}`;
    const bytes = Buffer.from(csv);
    const id = await begin(bytes.length);
    const [a, b, c] = [bytes.subarray(0, 27), bytes.subarray(27, 1000), bytes.subarray(1000)];
    assert.equal((await part(id, 3, c)).status, 204);
    assert.equal((await part(id, 1, b)).status, 204);
    assert.equal((await part(id, 1, a)).status, 204); // in place of the one before
    assert.equal((await at('POST', `/${id}/run`, { json: {} })).json.detail, 'Parts are missing.');
    assert.equal((await part(id, 2, Buffer.alloc(b.length + 1, 65))).json.detail, 'The parts are more than was announced.');
    assert.equal((await part(id, 2, b)).status, 204);
    assert.equal((await part(id, 0, b)).status, 404);
    const ours = await signIn(server(), people.admin, ACME_HOST);
    assert.equal((await once({ path: `/api/imports/${id}`, token: ours })).status, 404);
    assert.equal((await at('POST', `/${id}/run`, { json: { dry_run: true } })).status, 202);
    assert.deepEqual((await end(id)).result, { created: 100, updated: 0, skipped: 0, dry_run: true });
    assert.equal(await total(token, GLOBEX_HOST), before);
    assert.equal((await at('POST', `/${id}/run`, { json: {} })).status, 202);
    const done = await end(id);
    assert.deepEqual([done.status, done.result, done.errors], ['done', { created: 100, updated: 0, skipped: 0, dry_run: false }, []]);
    assert.equal(await total(token, GLOBEX_HOST), before + 100);
    assert.equal((await at('POST', `/${id}/run`, { json: {} })).json.detail, 'The import was run already.');
    const wrong = await begin(16);
    assert.equal((await part(wrong, 1, 'name,status\n,x\n ')).status, 204);
    await at('POST', `/${wrong}/run`, { json: { existing: 'refuse' } });
    const failed = await end(wrong);
    assert.equal(failed.status, 'failed');
    assert.equal(failed.result, null);
    assert.deepEqual(failed.errors[0], { line: 2, field: 'name', message: 'The name field is required.' });
    const begun = await Promise.all(Array.from({ length: 8 }, () => at('POST', '', { json: { kind: 'assets', bytes: 9 } })));
    assert.equal(begun.filter((reply) => reply.status === 201).length, 5);
    for (const reply of begun) if (reply.status === 201) assert.equal((await at('DELETE', `/${reply.json.id}`)).status, 204);
    assert.equal((await at('DELETE', `/${id}`)).status, 204);
    assert.equal((await at('GET', `/${id}`)).status, 404);
  });

  it('goes by the plans of the configuration in force', async () => {
    const token = await signIn(server(), people.outsider, GLOBEX_HOST);
    const at = (method, path, more = {}) => once({ method, path: `/api/imports${path}`, host: GLOBEX_HOST, token, ...more });
    const reload = async (plans) => {
      const from = server().log.lines.length;
      server().scratch.writeConfig({ plans });
      server().process.kill('SIGHUP');
      await server().log.untilMessage('configuration reloaded', { from });
    };
    await reload({ free: { assets: 1, users: 5 } });
    const csv = 'name\nOne\nTwo\n';
    const { json: { id } } = await at('POST', '', { json: { kind: 'assets', bytes: csv.length } });
    await at('PUT', `/${id}/parts/1`, { body: csv, headers: { 'content-type': 'application/octet-stream' } });
    await at('POST', `/${id}/run`, { json: {} });
    let ended;
    do {
      ended = (await at('GET', `/${id}`)).json;
      await new Promise((done) => { setTimeout(done, 50); });
    } while (['queued', 'running'].includes(ended.status));
    await reload({ free: { assets: LIMIT, users: 5 } });
    assert.equal(ended.status, 'failed');
    assert.match(ended.detail, /^The plan allows 1 assets/);
  });

  it('is for those who may', async () => {
    const viewer = await signIn(server(), people.viewer, ACME_HOST);
    assert.equal((await load(viewer, 'name\nx\n')).status, 403);
  });
});
