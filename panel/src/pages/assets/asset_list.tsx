import { useState } from 'preact/hooks';
import { address, api } from '../../api/client';
import { pageOf, useLoad } from '../../api/query';
import { may } from '../../app/session';
import { Badge, Button, Empty, Loading, Trouble } from '../../ui/basics';
import type { Tone } from '../../ui/basics';
import { Dialog } from '../../ui/dialog';
import { Form, labelOf, useFields } from '../../ui/form';
import type { Values } from '../../ui/form';
import { at, onDay, when } from '../../ui/format';
import { Picker } from '../../ui/picker';
import { tell } from '../../ui/toast';
import { nameIn, recordApi, searchIn, useChoices } from '../records/record_api';
import type { RowIn } from '../records/record_api';
import { RecordList } from '../records/record_list';
import type { Kind } from '../records/record_list';
import { AssetFiles } from './files';
import { categories, employees, locations } from './kinds';

export const assets = recordApi('/api/assets', '/api/assets/{id}');
type Asset = RowIn<typeof assets>;

const kind: Kind = { one: 'asset', many: 'assets', schema: 'Asset', create: 'assets.create', edit: 'assets.edit', remove: 'assets.delete' };
const tones: Record<string, Tone> = { available: 'good', checked_out: 'accent', maintenance: 'warn', lost: 'bad', retired: 'quiet' };
const statuses = Object.keys(tones).map((value) => ({ value, name: labelOf(value) }));

export const qrOf = (id: number): string => address('/api/assets/{id}/qr', { id }, { format: 'svg' });
const isOverdue = ({ due_at }: Asset): boolean => Boolean(due_at && new Date(due_at) < new Date());

function CheckOut({ asset, onClose, onDone }: { asset: Asset; onClose: () => void; onDone: () => void }) {
  const fields = useFields('AssetCheckout', [
    {
      name: 'employee_id', label: 'To whom', required: true,
      custom: (value, set, id) => <Picker id={id} value={value as number} search={searchIn(employees, { active: true })} onPick={(choice) => set(choice ? Number(choice.value) : null)} />,
    },
    { name: 'due_at', label: 'Due back' }, { name: 'condition' }, { name: 'notes', kind: 'area' },
  ]);
  const send = async (values: Values): Promise<void> => {
    await api.post('/api/assets/{id}/checkout', { path: { id: String(asset.id) }, body: values as never });
    tell(`${asset.name} is checked out.`);
    onDone();
  };
  return <Dialog title={`Check out ${asset.name}`} onClose={onClose}>{fields && <Form fields={fields} submit="Check out" onSubmit={send} onCancel={onClose} />}</Dialog>;
}

function CheckIn({ asset, onClose, onDone }: { asset: Asset; onClose: () => void; onDone: () => void }) {
  const fields = useFields('AssetCheckin', [{ name: 'condition' }, { name: 'notes', kind: 'area' }]);
  const send = async (values: Values): Promise<void> => {
    await api.post('/api/assets/{id}/checkin', { path: { id: String(asset.id) }, body: values as never });
    tell(`${asset.name} is back.`);
    onDone();
  };
  return <Dialog title={`Check in ${asset.name}`} onClose={onClose}>{fields && <Form fields={fields} submit="Check in" onSubmit={send} onCancel={onClose} />}</Dialog>;
}

function History({ asset }: { asset: Asset }) {
  const { data, error } = useLoad(async (signal) => pageOf<Event>(await api.get('/api/assets/{id}/history', { path: { id: String(asset.id) }, query: { limit: 10 } as never, signal })));
  if (error) return <Trouble problem={error} />;
  if (!data) return <Loading rows={2} />;
  if (!data.rows.length) return <Empty title="It has never been checked out." />;
  return (
    <ol class="history">
      {data.rows.map((event) => (
        <li key={event.id}><Badge tone={tones[event.action]}>{labelOf(event.action)}</Badge> {event.employee_name} <small>{at(event.created_at)}</small></li>
      ))}
    </ol>
  );
}
type Event = { id: number; action: string; employee_name: string | null; created_at: string };

function LabelDialog({ asset, onClose }: { asset: Asset; onClose: () => void }) {
  return (
    <Dialog title={asset.name} onClose={onClose}>
      <img class="qr" alt={`QR code of ${asset.tag}`} src={qrOf(asset.id)} />
      <p class="centred mono">{asset.tag}</p>
    </Dialog>
  );
}

function Inside({ asset, move }: { asset: Asset; move: (asset: Asset) => void }) {
  const isOut = asset.status === 'checked_out';
  return (
    <>
      <div class="actions">
        <Badge tone={tones[asset.status]}>{labelOf(asset.status)}</Badge>
        {isOverdue(asset) && <Badge tone="bad">overdue since {onDay(asset.due_at)}</Badge>}
        {may(isOut ? 'assets.checkin' : 'assets.checkout') && (isOut || asset.status === 'available')
          && <Button small onClick={() => move(asset)}>{isOut ? 'Check in' : 'Check out'}</Button>}
      </div>
      <h3>History</h3>
      <History asset={asset} />
    </>
  );
}

export function Assets() {
  const [moving, setMoving] = useState<{ asset: Asset; reload: () => void }>();
  const [showing, setShowing] = useState<Asset>();
  const kinds = useChoices(categories);
  const places = useChoices(locations);
  const people = useChoices(employees);
  const done = (): void => {
    moving?.reload();
    setMoving(undefined);
  };
  return (
    <>
      <RecordList kind={kind} records={assets} nameOf={({ name }) => name} sort="name"
        filters={[
          { name: 'status', label: 'Status', any: 'Every status', choices: statuses },
          { name: 'category_id', label: 'Category', any: 'Every category', choices: kinds },
          { name: 'location_id', label: 'Location', any: 'Every location', choices: places },
        ]}
        columns={[
          { name: 'Asset', cell: ({ name, model }) => <><b>{name}</b>{model && <small> {model}</small>}</>, sort: 'name' },
          { name: 'Tag', cell: ({ tag }) => <span class="mono">{tag}</span>, sort: 'tag' },
          { name: 'Status', cell: (row) => <Badge tone={isOverdue(row) ? 'bad' : tones[row.status]}>{isOverdue(row) ? 'overdue' : labelOf(row.status)}</Badge> },
          { name: 'Category', cell: ({ category_id }) => nameIn(kinds, category_id), minor: true },
          { name: 'Location', cell: ({ location_id }) => nameIn(places, location_id), minor: true },
          { name: 'Held by', cell: ({ employee_id, due_at }) => (employee_id ? <span title={`due ${when(due_at)}`}>{nameIn(people, employee_id)}</span> : '–'), minor: true },
        ]}
        fields={[
          { name: 'name' }, { name: 'tag', placeholder: 'Made up if left empty' },
          { name: 'status', choices: statuses.filter(({ value }) => value !== 'checked_out') },
          { name: 'category_id', label: 'Category', kind: 'choice', choices: kinds, numeric: true },
          { name: 'location_id', label: 'Location', kind: 'choice', choices: places, numeric: true },
          { name: 'serial_number' }, { name: 'manufacturer' }, { name: 'model' },
          { name: 'purchase_date' }, { name: 'purchase_cost', label: 'Cost' }, { name: 'currency', placeholder: 'EUR' }, { name: 'warranty_end' }, { name: 'notes', kind: 'area' },
        ]}
        actions={(query, reload) => <AssetFiles query={query} reload={reload} />}
        inside={(asset, reload) => <Inside asset={asset} move={() => setMoving({ asset, reload })} />}
        deeds={(asset, reload) => [
          { name: 'QR code', icon: 'qr', run: () => setShowing(asset) },
          { name: 'Check out', run: () => setMoving({ asset, reload }), hidden: asset.status !== 'available' || !may('assets.checkout') },
          { name: 'Check in', run: () => setMoving({ asset, reload }), hidden: asset.status !== 'checked_out' || !may('assets.checkin') },
        ]} />
      {showing && <LabelDialog asset={showing} onClose={() => setShowing(undefined)} />}
      {moving && (moving.asset.status === 'checked_out'
        ? <CheckIn asset={moving.asset} onClose={() => setMoving(undefined)} onDone={done} />
        : <CheckOut asset={moving.asset} onClose={() => setMoving(undefined)} onDone={done} />)}
    </>
  );
}
