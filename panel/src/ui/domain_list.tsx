// A tenant's domains: its own to manage, or the operator's for it.
import type { Pages } from '../api/query';
import { Empty } from './basics';
import { ask } from './dialog';
import { Form, useFields } from './form';
import { onDay } from './format';
import { ListTable } from './table';
import { tell } from './toast';

export interface Domain {
  host: string;
  created_at: string;
}

export function DomainList({ pages, add, remove }: {
  pages: Pages<Domain>; add: (host: string) => Promise<unknown>; remove: (host: string) => Promise<unknown>;
}) {
  const fields = useFields('NewDomain', [{ name: 'host', label: 'Domain', placeholder: 'assets.example.com' }]);
  const drop = async ({ host }: Domain): Promise<void> => {
    if (!await ask({ title: `Remove ${host}?`, text: 'From the next request on this address leads nowhere.', confirm: 'Remove', danger: true })) return;
    await remove(host);
    tell(`${host} is removed.`);
    pages.reload();
  };
  return (
    <>
      <div class="padded">
        {fields && (
          <Form fields={fields} submit="Add domain" onSubmit={async ({ host }) => {
            await add(String(host ?? ''));
            tell(`${host} leads here as soon as its DNS says so.`);
            pages.reload();
          }} />
        )}
      </div>
      <ListTable label="Domains" pages={pages} keyOf={({ host }) => host} nameOf={({ host }) => host}
        empty={<Empty title="No domain of your own yet.">Point a domain’s DNS to this server, then add it here.</Empty>}
        columns={[
          { name: 'Domain', cell: ({ host }) => <span class="mono">{host}</span> },
          { name: 'Added', cell: ({ created_at }) => onDay(created_at) },
        ]}
        deeds={(domain) => [{ name: 'Remove', run: () => drop(domain), danger: true }]} />
    </>
  );
}
