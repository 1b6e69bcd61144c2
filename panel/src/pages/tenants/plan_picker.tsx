// Chooses one of the server's plans, and says what it allows.
import { api } from '../../api/client';
import type { Answer } from '../../api/client';
import { useLoad } from '../../api/query';
import { Trouble } from '../../ui/basics';
import { labelOf } from '../../ui/form';
import type { Value } from '../../ui/form';
import { number } from '../../ui/format';

type Plan = Answer<'/api/plans'>['items'][number];

const FIRST = 'free'; // of a tenant for which nothing is chosen

const limitsOf = ({ limits }: Plan): string =>
  limits.map(({ limit, max }) => `${labelOf(limit)}: ${max === null ? 'no limit' : number(max)}`).join(' · ');

export function PlanPicker({ id, value, set, isNew }: { id: string; value: Value; set: (value: Value) => void; isNew?: boolean }) {
  const { data, error, reload } = useLoad((signal) => api.get('/api/plans', { signal }));
  if (error) return <Trouble problem={error} retry={reload} />;
  const plans = data?.items ?? [];
  const chosen = String(value ?? '');
  const plan = plans.find(({ name }) => name === (chosen || FIRST));
  const isKnown = !chosen || plans.some(({ name }) => name === chosen);
  return (
    <>
      <select id={id} name="plan" required={!isNew} aria-describedby={`${id}-limits`} value={chosen} onChange={(event) => set(event.currentTarget.value)}>
        {isNew && <option value="">{FIRST}, as every new tenant</option>}
        {!isKnown && <option value={chosen}>{chosen}</option>}
        {plans.map(({ name }) => <option key={name} value={name}>{name}</option>)}
      </select>
      <p id={`${id}-limits`} class="help">{plan ? limitsOf(plan) : data && 'The server has no plan of this name: nothing is limited by it.'}</p>
    </>
  );
}
