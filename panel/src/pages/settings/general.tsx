import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import { useLoad } from '../../api/query';
import { may, readBranding } from '../../app/session';
import { isLegible } from '../../app/theme';
import { Card, Loading, Notice, Trouble } from '../../ui/basics';
import { Form, useFields } from '../../ui/form';
import type { Values } from '../../ui/form';
import { tell } from '../../ui/toast';
import { BrandPreview } from './preview';

export function General() {
  const { data, error, reload, take } = useLoad((signal) => api.get('/api/settings', { signal }));
  const [draft, setDraft] = useState<Values>();
  const mayBrand = may('branding.manage');
  const fields = useFields('SettingsChange', [
    { name: 'name', required: true },
    ...(mayBrand ? [{ name: 'logo_url', label: 'Logo' }, { name: 'accent_colour', label: 'Accent colour', kind: 'colour' as const, help: 'Dark enough for white text. Where it would be hard to read, the panel uses a darker or lighter shade of it.' }] : []),
    { name: 'registration', label: 'Who may register', kind: 'choice', placeholder: 'As the server has it', help: '',
      choices: [{ value: 'open', name: 'Anybody' }, { value: 'admin', name: 'Whom an administrator adds' }, { value: 'closed', name: 'Nobody' }] },
  ]);
  const save = async (values: Values): Promise<void> => {
    take(await api.patch('/api/settings', { body: values as never }));
    setDraft(undefined);
    tell('Saved.');
    await readBranding();
  };
  if (error) return <Trouble problem={error} retry={reload} />;
  if (!data || !fields) return <Loading rows={6} />;
  const now: Values = { ...data, ...draft };
  const accent = typeof now.accent_colour === 'string' ? now.accent_colour : '';
  return (
    <div class="columns">
      <Card title="General">
        <dl class="facts spaced">
          <div><dt>Short name</dt><dd class="mono">{data.slug}</dd></div>
          <div><dt>Address</dt><dd><a href={`${data.public_url}/panel/`}>{data.public_url}</a></dd></div>
          <div><dt>Plan</dt><dd>{data.plan}</dd></div>
          <div><dt>Registration now</dt><dd>{data.effective_registration}</dd></div>
        </dl>
        <Form fields={fields} values={data as Values} submit="Save" onSubmit={save} onChange={setDraft} />
      </Card>
      <Card title="Preview">
        <BrandPreview name={String(now.name ?? '')} logo={now.logo_url as string | null} accent={accent} />
        {accent && !isLegible(accent) && <Notice tone="warn">This colour is too light for text on white, so a darker shade of it is used.</Notice>}
      </Card>
    </div>
  );
}
