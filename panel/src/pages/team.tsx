import { href } from '../app/router';
import { may } from '../app/session';
import { Page, Tabs } from '../ui/basics';
import { Explain } from './team/explain';
import { Invitations } from './team/invitations';
import { Members } from './team/members';
import { Roles } from './team/roles';

const parts = [
  { key: '', name: 'Members', needs: 'team.view', part: Members },
  { key: '/invitations', name: 'Invitations', needs: 'team.invite', part: Invitations },
  { key: '/roles', name: 'Roles', needs: 'team.view', part: Roles },
  { key: '/explain', name: 'Explain', needs: 'team.manage_roles', part: Explain },
];

export function Team({ rest }: { rest: string }) {
  const open = parts.filter(({ needs }) => may(needs));
  const at = open.find(({ key }) => key === rest) ?? open[0];
  if (!at) return null;
  return (
    <Page title="Team" note="Who belongs here, in which role, and who is invited.">
      <Tabs label="Team" at={at.key} tabs={open.map(({ key, name }) => ({ key, name, href: href(`/team${key}`) }))} />
      <at.part />
    </Page>
  );
}
