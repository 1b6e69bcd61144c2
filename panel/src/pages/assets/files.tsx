// Assets as files: the list as it is filtered out to CSV, and CSV in.
import { useState } from 'preact/hooks';
import { raw } from '../../api/client';
import { may } from '../../app/session';
import { Button } from '../../ui/basics';
import { save } from '../../ui/save';
import type { ListQuery } from '../records/record_list';
import { ImportDialog } from './import_dialog';

export function AssetFiles({ query, reload }: { query: ListQuery; reload: () => void }) {
  const [importing, setImporting] = useState(false);
  const exportAll = async (): Promise<void> => {
    const reply = await raw('get', '/api/assets/export', { query: query as never });
    save('assets.csv', await reply.blob());
  };
  const done = (): void => {
    setImporting(false);
    reload();
  };
  return (
    <>
      {may('assets.import') && <Button icon="upload" onClick={() => setImporting(true)}>Import</Button>}
      {may('assets.export') && <Button icon="download" onClick={exportAll}>Export</Button>}
      {importing && <ImportDialog onClose={() => setImporting(false)} onDone={done} />}
    </>
  );
}
