import { useState } from 'preact/hooks';
import { api, raw } from '../api/client';
import type { Answer } from '../api/client';
import { usePages } from '../api/query';
import { useFilters } from '../app/router';
import { Badge, Button, Card, Empty, Page } from '../ui/basics';
import type { Tone } from '../ui/basics';
import { Dialog } from '../ui/dialog';
import { Filters, SearchBox, Select } from '../ui/filters';
import { at, when } from '../ui/format';
import { save } from '../ui/save';
import { ListTable, Table } from '../ui/table';
import type { Column } from '../ui/table';

export type AuditRow = Answer<'/api/v1/audit'>['data'][number];

const tones: [RegExp, Tone][] = [[/refused|removed|suspended|deleted|revoked|cancelled|unpaired/, 'bad'], [/created|added|accepted|opened|registered|reactivated/, 'good']];

// It breaks between its words alone, where a line is too short for it.
function Deed({ action }: { action: string }) {
  return <Badge tone={tones.find(([pattern]) => pattern.test(action))?.[1]}>{action.split(/(?<=[._])/).flatMap((part, i) => (i ? [<wbr key={i} />, part] : [part]))}</Badge>;
}

const columns: Column<AuditRow>[] = [
  { name: 'When', cell: (row) => <time dateTime={row.at} title={at(row.at)}>{when(row.at)}</time> },
  { name: 'Deed', cell: (row) => <Deed action={row.action} /> },
  { name: 'Who', cell: (row) => row.actor.name || row.actor.kind },
  { name: 'What', cell: (row) => row.target.name || (row.target.id ? `${row.target.kind} ${row.target.id}` : row.target.kind), minor: true },
  { name: 'From', cell: (row) => <span class="mono">{row.address}</span>, minor: true },
];

export function AuditRows({ rows }: { rows: AuditRow[] }) {
  return <Table label="Recent deeds" rows={rows} keyOf={({ id }) => id} columns={columns.slice(0, 4)} />;
}

function Detail({ row, onClose }: { row: AuditRow; onClose: () => void }) {
  const facts: [string, unknown][] = [
    ['When', at(row.at)], ['Deed', row.action], ['Who', `${row.actor.name ?? ''} (${row.actor.kind}${row.actor.id ? ` ${row.actor.id}` : ''})`],
    ['What', `${row.target.name ?? ''} (${row.target.kind}${row.target.id ? ` ${row.target.id}` : ''})`], ['From', row.address], ['Request', row.request_id], ['Hash', row.hash],
  ];
  return (
    <Dialog title={`Deed ${row.id}`} drawer onClose={onClose}>
      <dl class="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd class="mono">{String(value ?? '–')}</dd></div>)}</dl>
      {[['Before', row.before], ['After', row.after]].map(([name, value]) => Boolean(value) && (
        <div key={String(name)}><h3>{String(name)}</h3><pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre></div>
      ))}
    </Dialog>
  );
}

const kinds = [
  'session', 'user', 'invitation', 'role', 'tenant', 'api_token', 'display', 'asset', 'category', 'location', 'employee', 'contact', 'conversation', 'message',
  'department', 'space', 'booking', 'event', 'day_pass', 'ticket', 'community_member', 'audit',
];

export function Audit() {
  const [filter, setFilter] = useFilters();
  const [open, setOpen] = useState<AuditRow>();
  const day = (name: string): string | undefined => (filter(name) ? new Date(`${filter(name)}T00:00:00`).toISOString() : undefined);
  const query = { q: filter('q'), action: filter('action'), actor: filter('actor'), target: filter('target'), from: day('from'), to: day('to') };
  const pages = usePages<AuditRow>((cursor, signal) => api.get('/api/v1/audit', { query: { ...query, cursor, per_page: 50 } as never, signal }), [query]);
  const exportAll = async (): Promise<void> => {
    const parts: Blob[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const reply: Response = await raw('get', '/api/v1/audit', { query: { ...query, cursor, format: 'jsonl' } as never });
      parts.push(await reply.blob());
      cursor = reply.headers.get('x-next-cursor');
    }
    save('audit.jsonl', new Blob(parts, { type: 'application/x-ndjson' }));
  };
  return (
    <Page title="Audit log" note="Who did what to what, when and from where. Rows are only ever appended, and chained by hashes."
      actions={<Button icon="download" onClick={exportAll}>Export</Button>}>
      <Card flush>
        <Filters>
          <SearchBox value={filter('q')} onSearch={(q) => setFilter({ q })} label="Search the log" />
          <Select label="Kind" value={filter('target')} any="Everything" onPick={(target) => setFilter({ target })} choices={kinds.map((value) => ({ value, name: value.replace('_', ' ') }))} />
          <label class="inline">From <input type="date" value={filter('from')} onInput={(event) => setFilter({ from: event.currentTarget.value })} /></label>
          <label class="inline">Before <input type="date" value={filter('to')} onInput={(event) => setFilter({ to: event.currentTarget.value })} /></label>
        </Filters>
        <ListTable label="Audit log" pages={pages} keyOf={({ id }) => id} columns={columns} open={setOpen} empty={<Empty title="No row fits." />} />
      </Card>
      {open && <Detail row={open} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}
