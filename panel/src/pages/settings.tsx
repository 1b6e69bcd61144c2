import { href } from '../app/router';
import { may } from '../app/session';
import { Page, Tabs } from '../ui/basics';
import { ApiKeys } from './settings/api_keys';
import { Domains } from './settings/domains';
import { General } from './settings/general';

const parts = [
  { key: '', name: 'General and branding', needs: 'settings.manage', part: General },
  { key: '/domains', name: 'Domains', needs: 'domains.manage', part: Domains },
  { key: '/api-keys', name: 'API Keys', needs: 'api_keys.manage', part: ApiKeys },
];

export function Settings({ rest }: { rest: string }) {
  const open = parts.filter(({ needs }) => may(needs));
  const at = open.find(({ key }) => key === rest) ?? open[0];
  if (!at) return null;
  return (
    <Page title="Settings">
      <Tabs label="Settings" at={at.key} tabs={open.map(({ key, name }) => ({ key, name, href: href(`/settings${key}`) }))} />
      <at.part />
    </Page>
  );
}
