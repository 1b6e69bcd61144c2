// A sheet of labels to print: a QR code each, with tag and name.
import { pageOf, useLoad } from '../../api/query';
import { useFilters } from '../../app/router';
import { Button, Card, Empty, Loading, Trouble } from '../../ui/basics';
import { Filters, SearchBox, Select } from '../../ui/filters';
import { useChoices } from '../records/record_api';
import type { RowIn } from '../records/record_api';
import { assets, qrOf } from './asset_list';
import { categories, locations } from './kinds';

const MOST = 200;

export function Labels() {
  const [filter, setFilter] = useFilters();
  const kinds = useChoices(categories);
  const places = useChoices(locations);
  const query = { q: filter('q'), category_id: filter('category_id'), location_id: filter('location_id'), sort: 'tag', limit: MOST };
  const { data, error, reload } = useLoad(async (signal) => pageOf<RowIn<typeof assets>>(await assets.list(query, signal)), [JSON.stringify(query)]);
  return (
    <Card flush>
      <Filters>
        <SearchBox value={filter('q')} onSearch={(q) => setFilter({ q })} label="Search assets" />
        <Select label="Category" value={filter('category_id')} any="Every category" choices={kinds} onPick={(id) => setFilter({ category_id: id })} />
        <Select label="Location" value={filter('location_id')} any="Every location" choices={places} onPick={(id) => setFilter({ location_id: id })} />
        <Button kind="primary" disabled={!data?.rows.length} onClick={() => print()}>Print</Button>
      </Filters>
      {error && <Trouble problem={error} retry={reload} />}
      {!data && !error && <Loading />}
      {data && !data.rows.length && <Empty title="No asset fits." />}
      {data && (
        <ul class="labels" aria-label="Labels">
          {data.rows.map(({ id, tag, name }) => <li key={id}><img alt="" src={qrOf(id)} /><span><b class="mono">{tag}</b>{name}</span></li>)}
        </ul>
      )}
      {data?.next && <p class="padded note">These are the first {MOST}. Narrow the filters down for the others.</p>}
    </Card>
  );
}
