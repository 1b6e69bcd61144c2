// "Why can this member not …?"
import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import type { Answer } from '../../api/client';
import { useLoad } from '../../api/query';
import { usePlace } from '../../app/router';
import { Badge, Card } from '../../ui/basics';
import { Form } from '../../ui/form';
import { readPermissions } from './roles_data';

type Verdict = Answer<'/api/v1/authz/explain'>['data'];

const ways: Record<string, string> = {
  account: 'Their account', staff_role: 'Their role at the operator', membership: 'Their membership', tenant: 'The tenant', role: 'Their role', scope: 'The scope of the token',
};

function Answered({ verdict }: { verdict: Verdict }) {
  return (
    <div class={`verdict ${verdict.allowed ? 'good' : 'bad'}`} role="status">
      <p class="verdict-title">
        <Badge tone={verdict.allowed ? 'good' : 'bad'}>{verdict.allowed ? 'allowed' : 'not allowed'}</Badge>
        <b>{verdict.user.name}</b> · <span class="mono">{verdict.permission}</span>
      </p>
      <p>{verdict.reason}</p>
      <dl class="facts">
        <div><dt>Decided by</dt><dd>{ways[verdict.decided_by] ?? verdict.decided_by}</dd></div>
        <div><dt>Role</dt><dd>{verdict.role ? `${verdict.role.name}, rank ${verdict.role.rank}` : '–'}</dd></div>
        <div><dt>Membership</dt><dd>{verdict.membership?.status ?? '–'}</dd></div>
      </dl>
    </div>
  );
}

export function Explain() {
  const { query } = usePlace();
  const { data } = useLoad(readPermissions);
  const [verdict, setVerdict] = useState<Verdict>();
  const names = (data ?? []).flatMap(({ permissions }) => permissions as { name: string }[]);
  return (
    <Card title="Why can they, or can they not?">
      <div class="columns">
        <Form keeps submit="Explain" initial={{ user: query.get('user') ?? '' }}
          fields={[
            { name: 'user', label: 'Member', kind: 'text', required: true, help: 'An email address, or an id' },
            { name: 'permission', label: 'Permission', kind: 'choice', required: true, choices: names.map(({ name }) => ({ value: name, name })) },
          ]}
          onSubmit={async (values) => setVerdict((await api.get('/api/v1/authz/explain', { query: values as never })).data)} />
        {verdict ? <Answered verdict={verdict} /> : <p class="note">Choose a member and a permission. The answer names what decides: the account, the membership, the tenant, a role or a token’s scope.</p>}
      </div>
    </Card>
  );
}
