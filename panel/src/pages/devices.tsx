import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import type { Answer } from '../api/client';
import { usePages } from '../api/query';
import { useFilters } from '../app/router';
import { may } from '../app/session';
import { Badge, Button, Card, CopyField, Empty, Page } from '../ui/basics';
import type { Tone } from '../ui/basics';
import { ask, Dialog } from '../ui/dialog';
import { Filters } from '../ui/filters';
import { Form, useFields } from '../ui/form';
import type { Values } from '../ui/form';
import { at, when } from '../ui/format';
import { ListTable } from '../ui/table';
import { tell } from '../ui/toast';

type Device = Answer<'/api/displays'>['data'][number];

interface Link {
  link: string;
  qr_svg?: string | null;
  expires_in?: number;
}

const tones: Record<Device['status'], Tone> = { online: 'good', offline: 'bad', waiting: 'warn' };

// The code of a screen, typed or brought along by its QR code.
function PairDialog({ code, onClose, onDone }: { code: string; onClose: () => void; onDone: () => void }) {
  const fields = useFields('DisplayPair', [
    { name: 'code', label: 'Code on the screen', required: true, placeholder: 'WDJB-MJHT', help: 'Capitals, spaces and hyphens make no difference' },
    { name: 'name', label: 'Name', required: true, placeholder: 'Lobby', help: '' },
  ]);
  const pair = async (values: Values): Promise<void> => {
    await api.post('/api/displays/pair', { body: values as never });
    tell('The screen is yours; it shows its content in a few seconds.');
    onDone();
  };
  return (
    <Dialog title="Pair a screen by its code" onClose={onClose}>
      {fields && <Form fields={fields} initial={{ code }} submit="Pair" onSubmit={pair} onCancel={onClose} />}
    </Dialog>
  );
}

function LinkDialog({ link, onClose }: { link: Link; onClose: () => void }) {
  return (
    <Dialog title="Open this on the screen" onClose={onClose}>
      <p>Scan the code with the device, or open the link on it. It holds for an hour and pairs one screen.</p>
      {link.qr_svg && <img class="qr" alt="QR code of the link" src={`data:image/svg+xml,${encodeURIComponent(link.qr_svg)}`} />}
      <CopyField label="Link" value={link.link} />
      <div class="form-end"><Button kind="primary" onClick={onClose}>Done</Button></div>
    </Dialog>
  );
}

const layouts = [
  { value: 'text', name: 'Text' }, { value: 'notice', name: 'Notice' }, { value: 'clock', name: 'Clock' },
];

function ContentDrawer({ device, onClose, onDone }: { device: Device; onClose: () => void; onDone: () => void }) {
  const { content } = device;
  const save = async ({ name, ...parts }: Values): Promise<void> => {
    const next = Object.fromEntries(Object.entries({ ...content, ...parts }).filter(([, value]) => value !== null && value !== ''));
    await api.patch('/api/displays/{id}', { path: { id: String(device.id) }, body: { ...(name ? { name } : {}), content: next } as never });
    tell('Saved. The screen shows it within seconds.');
    onDone();
  };
  return (
    <Dialog title={device.name} drawer onClose={onClose}>
      <dl class="facts">
        <div><dt>State</dt><dd><Badge tone={tones[device.status]}>{device.status}</Badge></dd></div>
        <div><dt>Last seen</dt><dd>{at(device.last_seen_at)}</dd></div>
        <div><dt>Revision</dt><dd>{device.revision}</dd></div>
      </dl>
      <Form submit="Save" onSubmit={save} onCancel={onClose}
        fields={[
          { name: 'name', label: 'Name', kind: 'text', required: true, max: 100 },
          { name: 'layout', label: 'Layout', kind: 'choice', choices: layouts },
          { name: 'heading', label: 'Heading', kind: 'text' },
          { name: 'text', label: 'Text', kind: 'area' },
          { name: 'level', label: 'Level of a notice', kind: 'choice', choices: ['info', 'warning', 'alarm'].map((value) => ({ value, name: value })) },
        ]}
        values={{ name: device.name, layout: content.layout ?? 'text', heading: content.heading ?? '', text: content.text ?? '', level: content.level ?? '' }} />
    </Dialog>
  );
}

// A screen's QR code leads here with its code: #/settings/devices?code=WDJB-MJHT
export function Devices() {
  const [filter, setFilter] = useFilters();
  const brought = filter('code');
  const [pairing, setPairing] = useState(brought || undefined);
  useEffect(() => {
    if (brought) setPairing(brought);
  }, [brought]);
  const [creating, setCreating] = useState(false);
  const [link, setLink] = useState<Link>();
  const [open, setOpen] = useState<Device>();
  const fields = useFields('DisplayCreate', [{ name: 'name', required: true, placeholder: 'Lobby' }]);
  const pages = usePages<Device>((cursor, signal) => api.get('/api/displays', { query: { cursor } as never, signal }));
  const mayManage = may('displays.manage');
  const close = (): void => {
    setPairing(undefined);
    setCreating(false);
    setOpen(undefined);
    setFilter({ code: '' });
  };
  const done = (): void => {
    close();
    pages.reload();
  };
  const create = async (values: Values): Promise<void> => {
    const { data } = await api.post('/api/displays', { body: values as never });
    done();
    setLink(data.pairing);
  };
  const relink = async ({ id }: Device): Promise<void> => {
    const { data } = await api.post('/api/displays/{id}/link', { path: { id: String(id) } });
    setLink(data.pairing ?? data);
  };
  const rotate = async ({ id, name }: Device): Promise<void> => {
    await api.post('/api/displays/{id}/rotate', { path: { id: String(id) }, body: {} as never });
    tell(`${name} gets a new token with its next request.`);
  };
  const unpair = async ({ id, name }: Device): Promise<void> => {
    if (!await ask({ title: `Unpair ${name}?`, text: 'Its next request is refused, and it shows a new pairing code.', confirm: 'Unpair', danger: true })) return;
    await api.delete('/api/displays/{id}', { path: { id: String(id) } });
    tell(`${name} is unpaired.`);
    pages.reload();
  };
  return (
    <Page title="Devices" note="Screens that show what you want them to show. Open /display on the screen to pair it.">
      <Card flush>
        {mayManage && (
          <Filters>
            <span class="grow" />
            <Button icon="qr" onClick={() => setCreating(true)}>Pair by QR</Button>
            <Button kind="primary" icon="plus" onClick={() => setPairing('')}>Pair by code</Button>
          </Filters>
        )}
        <ListTable label="Devices" pages={pages} keyOf={({ id }) => id} nameOf={({ name }) => name} open={mayManage ? setOpen : undefined}
          empty={<Empty title="No devices yet.">Open /display on a screen: it shows a code to enter here.</Empty>}
          columns={[
            { name: 'Name', cell: ({ name }) => <b>{name}</b> },
            { name: 'State', cell: ({ status }) => <Badge tone={tones[status]}>{status}</Badge> },
            { name: 'Shows', cell: ({ content }) => content.heading ?? content.text?.slice(0, 40) ?? '–', minor: true },
            { name: 'Last seen', cell: ({ last_seen_at }) => <span title={at(last_seen_at)}>{when(last_seen_at)}</span> },
          ]}
          deeds={(device) => [
            { name: 'Change', run: () => setOpen(device), hidden: !mayManage },
            { name: 'Pair another screen in its place', icon: 'qr', run: () => relink(device), hidden: !mayManage },
            { name: 'Rotate its token', run: () => rotate(device), hidden: !mayManage || device.status === 'waiting' },
            { name: 'Unpair', run: () => unpair(device), danger: true, hidden: !mayManage },
          ]} />
      </Card>
      {pairing !== undefined && mayManage && <PairDialog key={pairing} code={pairing} onClose={close} onDone={done} />}
      {creating && (
        <Dialog title="Pair a screen by QR code" onClose={close}>
          {fields && <Form fields={fields} submit="Make a code" onSubmit={create} onCancel={close} />}
        </Dialog>
      )}
      {link && <LinkDialog link={link} onClose={() => { setLink(undefined); pages.reload(); }} />}
      {open && <ContentDrawer device={open} onClose={close} onDone={done} />}
    </Page>
  );
}
