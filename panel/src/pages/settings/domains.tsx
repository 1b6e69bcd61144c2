import { api } from '../../api/client';
import { usePages } from '../../api/query';
import { DomainList } from '../../ui/domain_list';
import type { Domain } from '../../ui/domain_list';
import { Card } from '../../ui/basics';

export function Domains() {
  const pages = usePages<Domain>((_, signal) => api.get('/api/settings/domains', { signal }));
  return (
    <Card title="Domains" flush>
      <DomainList pages={pages}
        add={(host) => api.post('/api/settings/domains', { body: { host } as never })}
        remove={(host) => api.delete('/api/settings/domains/{host}', { path: { host } as never })} />
    </Card>
  );
}
