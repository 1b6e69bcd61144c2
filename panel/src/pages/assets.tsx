import { href } from '../app/router';
import { Page, Tabs } from '../ui/basics';
import { Assets } from './assets/asset_list';
import { Categories, Employees, Locations } from './assets/kinds';
import { Labels } from './assets/labels';

const parts = [
  { key: '', name: 'Assets', part: Assets },
  { key: '/categories', name: 'Categories', part: Categories },
  { key: '/locations', name: 'Locations', part: Locations },
  { key: '/employees', name: 'Employees', part: Employees },
  { key: '/labels', name: 'Labels', part: Labels },
];

export function AssetsPage({ rest }: { rest: string }) {
  const at = parts.find(({ key }) => key === rest) ?? parts[0];
  if (!at) return null;
  return (
    <Page title="Assets" note="What your organisation owns, and who has it.">
      <Tabs label="Assets" at={at.key} tabs={parts.map(({ key, name }) => ({ key, name, href: href(`/assets${key}`) }))} />
      <at.part key={at.key} />
    </Page>
  );
}
